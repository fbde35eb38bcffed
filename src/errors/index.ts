/**
 * What can go wrong, said once.
 *
 * Every failure of the world has a code, and every code says whether the other side may have acted.
 * Retry, failover and the four outcomes read that field; nothing ever reads a message.
 */
export { catalogue } from './catalogue.ts'
export type { Code, Effect, Entry } from './code.ts'
export { HoldfastError, isHoldfastError, type Facts, type RetryAdvice } from './error.ts'
export { assert, unreachable } from './assert.ts'
