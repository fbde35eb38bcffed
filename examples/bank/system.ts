/**
 * A bank with one service: the smallest system in which two requests can hurt each other.
 */
import { system } from 'holdfast'
import { bankService } from './service.ts'

export const banking = system('banking', { services: [bankService] })
