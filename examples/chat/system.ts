/**
 * A chat in three places. Each owns its messages and takes new ones, whoever else can be reached.
 *
 * ```text
 *   berlin ~~written~~▶ lima, tokyo
 *   lima   ~~written~~▶ berlin, tokyo
 *   tokyo  ~~written~~▶ berlin, lima
 * ```
 */
import { system } from 'holdfast'
import { berlin, lima, tokyo } from './contract.ts'
import { siteService } from './site.ts'

export const chat = system('chat', {
  services: [
    siteService(berlin, [lima, tokyo]),
    siteService(lima, [berlin, tokyo]),
    siteService(tokyo, [berlin, lima]),
  ],
})
