/**
 * Many sessions on an engine that has one: transactions are interleaved as READ COMMITTED allows.
 *
 * Intuition: a transaction that has only read holds nothing that another could notice. So it can be
 * taken off the engine (ROLLBACK), others can run, and at its next statement it is put back: BEGIN, with
 * the clock of its first BEGIN, and the few statements that left something behind. That is the gap in
 * which updates get lost, between what a handler reads and what it writes.
 *
 * A claim in the inbox is the one write that may be put back: it conflicts with nothing but a claim of
 * the same key. If putting it back gives another answer than before, the session is lost: then it is
 * as if the server had broken the connection, and whatever others did meanwhile was right.
 *
 * Invariants:
 *   E1. A transaction that has written anything else, or holds a lock, keeps the engine until it ends.
 *   E2. Every interleaving is one that PostgreSQL can produce at READ COMMITTED; transactions of a
 *       stricter isolation are not interleaved.
 *   E3. `now()` is constant within a transaction, however often it was taken off.
 *
 * Limit: two transactions that both have written are never open at once: no lock waits, no deadlocks
 * between statements. Those errors are injected instead.
 */
import type { Rows, RowShape } from '#model'
import { hash32 } from '../chance.ts'

/** A statement, for the engine. `params` is `undefined` for a script. */
export interface Work {
  readonly text: string
  readonly params: readonly unknown[] | undefined
  readonly shape?: RowShape | undefined
}

/** The rows that a statement gave, as `pg` has them. */
export type Answer = Rows<Record<string, unknown>>

/** What came of a statement: `busy` means that it was not executed, `lost` that the session is over. */
export type Outcome =
  | { readonly answer: Answer }
  | { readonly error: unknown }
  | { readonly not: 'busy' | 'lost' }

/** The engine itself. `atUs` is the time that the statement sees; absent, the present. */
export interface Run {
  (work: Work, atUs?: number): Answer
}

/** Opens a transaction; group 1 is there if it must not be interleaved. */
const BEGIN =
  /^\s*(?:begin|start\s+transaction)\b(.*isolation\s+level\s+(?:repeatable|serializable))?/is

/** Changes only how the transaction goes on: it is put back without looking. */
const CONTROL = /^\s*(?:begin|start\s+transaction|set|savepoint|release)\b|\bset_config\s*\(/i

/** Undoes a part, so that the list of what to put back is no longer true. */
const PARTIAL_UNDO = /^\s*rollback\b.*\bto\b/is

const CLAIM = /^\s*insert\s+into\s+hf\.inbox\b/i

/** Takes a lock that keeps the engine, whatever came of it. */
const WRITES =
  /^\s*(?:insert|update|delete|merge|truncate|create|alter|drop|lock)\b|\bfor\s+(?:no\s+key\s+)?(?:update|share)\b/i

/** Calls a function that is not one of these, each of which only computes. */
const CALLS =
  /\b(?!(?:count|sum|min|max|avg|coalesce|greatest|least|exists|in|any|all|and|or|not|as|select|where|on|values|using)\b)\w+\s*\(/i

/** Reads, and nothing else. */
const isPureReading = (text: string): boolean =>
  /^\s*select\b/i.test(text) && !/\binto\b/i.test(text) && !CALLS.test(text)

/** True if the open transaction holds more than read locks and claims. */
const HOLDS = `
  select 1 from pg_locks l
  left join pg_class c on c.oid = l.relation
  left join pg_namespace n on n.oid = c.relnamespace
  where l.locktype = 'advisory'
     or l.locktype = 'relation' and l.mode <> 'AccessShareLock'
        and not coalesce(n.nspname = 'hf' and c.relname like 'inbox%', false)
  limit 1`

const NOTHING: Answer = { rows: [], rowCount: 0 }

/** One session's transaction, as the engine knows it. */
export class Turn {
  /** What is executed again when the transaction is put back. */
  readonly log: { readonly work: Work; readonly print: string | undefined }[] = []
  state: 'none' | 'open' | 'off' = 'none'
  beganAtUs = 0
  mayLeave = true
  /** True once it did something of which only the engine knows what locks it took. */
  isSuspect = false

  /** The transaction is over. */
  clear(): void {
    this.log.length = 0
    this.state = 'none'
    this.mayLeave = true
    this.isSuspect = false
  }
}

/** Gives the engine to whoever can have it. */
export class Engine {
  readonly #run: Run
  readonly #nowUs: () => number
  readonly #isInTransaction: () => boolean
  readonly #note: (what: string) => void
  #owner: Turn | undefined

  constructor(options: {
    readonly run: Run
    readonly nowUs: () => number
    readonly isInTransaction: () => boolean
    readonly note: (what: string) => void
  }) {
    this.#run = options.run
    this.#nowUs = options.nowUs
    this.#isInTransaction = options.isInTransaction
    this.#note = options.note
  }

  /** Executes a statement of this session's, if it can be executed now. */
  attempt(turn: Turn, work: Work): Outcome {
    if (this.#owner !== undefined && this.#owner !== turn && !this.#takeOff(this.#owner)) {
      return this.#defer(turn, work)
    }
    if (turn.state === 'off' && !this.#putBack(turn)) return { not: 'lost' }
    if (BEGIN.test(work.text) && turn.state === 'none') turn.beganAtUs = this.#nowUs()
    const outcome = this.#execute(work)
    this.#remember(turn, work, outcome)
    return outcome
  }

  /** Ends what is open of this session: its transaction is rolled back. */
  end(turn: Turn): void {
    turn.clear()
    if (this.#owner !== turn) return
    this.#owner = undefined
    if (this.#isInTransaction()) this.#run({ text: 'rollback', params: undefined })
  }

  #execute(work: Work, atUs?: number): { readonly answer: Answer } | { readonly error: unknown } {
    try {
      return { answer: this.#run(work, atUs) }
    } catch (error) {
      return { error }
    }
  }

  #remember(turn: Turn, work: Work, outcome: Outcome): void {
    if (!this.#isInTransaction()) {
      this.#owner = undefined
      return turn.clear()
    }
    this.#owner = turn
    turn.state = 'open'
    if (!('answer' in outcome) || PARTIAL_UNDO.test(work.text)) turn.mayLeave = false
    else if (CLAIM.test(work.text)) turn.log.push({ work, print: printOf(outcome.answer) })
    else if (CONTROL.test(work.text)) turn.log.push({ work, print: undefined })
    else if (WRITES.test(work.text)) turn.mayLeave = false
    else if (!isPureReading(work.text)) turn.isSuspect = true
    if (BEGIN.exec(work.text)?.[1] !== undefined) turn.mayLeave = false
  }

  /** Others have the engine; what opens a transaction or steers it need not wait for them. */
  #defer(turn: Turn, work: Work): Outcome {
    const begins = turn.state === 'none' && BEGIN.test(work.text)
    if (!begins && (turn.state !== 'off' || !CONTROL.test(work.text) || CLAIM.test(work.text))) {
      return { not: 'busy' }
    }
    if (begins) turn.beganAtUs = this.#nowUs()
    if (BEGIN.exec(work.text)?.[1] !== undefined) return { not: 'busy' }
    turn.state = 'off'
    turn.log.push({ work, print: undefined })
    return { answer: NOTHING }
  }

  #takeOff(owner: Turn): boolean {
    if (!owner.mayLeave) return false
    // Asking costs as much as ten of the statements that cannot have taken a lock.
    if (owner.isSuspect && this.#run({ text: HOLDS, params: [] }).rows.length > 0) {
      owner.mayLeave = false
      return false
    }
    owner.isSuspect = false
    this.#run({ text: 'rollback', params: undefined })
    owner.state = 'off'
    this.#owner = undefined
    this.#note('a transaction that has only read makes room')
    return true
  }

  /** False if what the transaction had done cannot be done again with the same answers. */
  #putBack(turn: Turn): boolean {
    for (const { work, print } of turn.log) {
      const outcome = this.#execute(work, turn.beganAtUs)
      const isSame =
        'answer' in outcome && (print === undefined || printOf(outcome.answer) === print)
      if (isSame) continue
      if (this.#isInTransaction()) this.#run({ text: 'rollback', params: undefined })
      turn.clear()
      return false
    }
    this.#owner = turn
    turn.state = 'open'
    return true
  }
}

function printOf({ rows, rowCount }: Answer): string {
  return `${rowCount} ${digest(rows)}`
}

/** Rows in a few letters; two that differ have different ones, but for chance. */
export function digest(rows: readonly unknown[]): string {
  if (rows.length === 0) return ''
  return hash32(JSON.stringify(rows)).toString(16).padStart(8, '0')
}
