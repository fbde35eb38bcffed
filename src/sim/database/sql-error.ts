/**
 * Errors that a healthy PostgreSQL may answer with at any time, and that the engine of the simulation
 * never gives by itself: it has no other writers to wait for, no disk to fill, no primary to lose.
 *
 * The error is raised by the engine, in the statement's place, so that a transaction that it strikes
 * is as failed as it would be.
 *
 * Invariants:
 *   Q1. A statement that only reads gets only what readers get; what ends a transaction gets none.
 */

/** What may be answered, in place of a statement. */
interface Injected {
  readonly code: string
  readonly message: string
  /** Readers get it, too. */
  readonly forReaders: boolean
}

const INJECTED: readonly Injected[] = [
  { code: '40P01', message: 'deadlock detected', forReaders: false },
  { code: '55P03', message: 'canceling statement due to lock timeout', forReaders: false },
  { code: '25006', message: 'cannot write in a read-only transaction', forReaders: false },
  { code: '53100', message: 'could not extend file: No space left on device', forReaders: false },
  {
    code: '57014',
    message: 'canceling statement due to statement timeout',
    forReaders: true,
  },
  {
    code: '40001',
    message: 'canceling statement due to conflict with recovery',
    forReaders: true,
  },
]

const CONTROL = /^\s*(?:begin|start|set|savepoint|release|commit|end|rollback|abort)\b/i
const WRITES = /\b(?:insert|update|delete|merge|truncate|create|alter|drop|lock)\b/i

/** The statement that fails as `text` might, `at` in [0, 1) deciding how; `undefined` if it cannot. */
export function failingInstead(text: string, at: number): string | undefined {
  if (CONTROL.test(text)) return undefined
  const possible = WRITES.test(text) ? INJECTED : INJECTED.filter(({ forReaders }) => forReaders)
  const chosen = possible[Math.floor(at * possible.length)]
  if (chosen === undefined) return undefined
  return `do $$ begin raise exception '${chosen.message}' using errcode = '${chosen.code}'; end $$`
}
