/**
 * Executing what was admitted: ask the neighbours, then one transaction, then the answer's bytes.
 *
 * Invariants:
 *   E1. `ask` holds no transaction, and is skipped where the key was answered before.
 *   E2. The answer is serialised once, inside the transaction: what is sent, stored and replayed are
 *       the same bytes.
 *   E3. An answer or refusal that breaks the contract rolls the effect back.
 */
import { assert, HoldfastError, isHoldfastError } from '#errors'
import type { Handler } from '#model'
import type { Claim, Transaction } from '#state'
import { emitter } from '../event/emission.ts'
import { type Answer, type Effect, once, repliedBefore } from '../once.ts'
import type { Site } from '../site.ts'
import { refuser } from './answering.ts'
import { ask } from './asking.ts'
import { askedIn, type Entrance, type Incoming, type Way } from './hop.ts'
import { fingerprint } from './json.ts'
import type { Pressure } from './pressure.ts'
import { reply } from './problem.ts'
import { header } from './wire.ts'

/** Executes the request. The last hop: nothing comes after it. */
export function execution(_next: Way, entrance: Entrance): Way {
  const { handlers } = entrance.site.service
  return async (incoming) => {
    const asked = askedIn(incoming)
    const handler = handlers[asked.name]
    assert(handler !== undefined, `S2: ${asked.contract}.${asked.name} has a handler`)
    const perform = asked.kind === 'query' ? query : command
    const answer = await perform(entrance, incoming, handler)
    const answered = reply(answer.status, answer.reply, answer.isReplayed)
    // What is replayed was made before, whatever was heard in vain this time.
    if (!incoming.heard.isDegraded || answer.isReplayed) return answered
    return { ...answered, headers: { ...answered.headers, [header.degraded]: 'true' } }
  }
}

/** Lets a request wait for its turn, and refuses it where that took too long. */
export function turn(next: Way, { site, pressure }: Entrance): Way {
  const { clock } = site.world
  return async (incoming) => {
    const granted = pressure.turns.take()
    if (granted === undefined) return next(incoming)
    const sinceMs = clock.monotonicMs()
    await granted
    const nowMs = clock.monotonicMs()
    const waitedMs = nowMs - sinceMs
    const { stay } = incoming
    if (stay !== undefined) pressure.waited(stay, 'queue', waitedMs)
    refuseLate(incoming, pressure, { nowMs, waited: `${Math.round(waitedMs)} ms for its turn` })
    return next(incoming)
  }
}

/** Any handler, seen from the framework: its contexts were checked where it was declared. */
type Runs = Handler<never, never, unknown>

async function command(entrance: Entrance, incoming: Incoming, handler: Runs): Promise<Answer> {
  const { site } = entrance
  const claim = claimOf(incoming)
  if (claim !== undefined && handler.ask !== undefined) {
    const before = await repliedBefore(site.database, claim)
    if (before !== undefined) return before
  }
  const found = await ask(entrance, incoming, handler)
  const begun = waitsForSession(entrance, incoming)
  return once(site, { claim, timeoutMs: timeoutMs(incoming) }, async (tx) => {
    begun()
    return rolledBackBy(async () => effectOf(site, incoming, handler, { tx, found }))
  })
}

/**
 * The claim under which the effect happens once; `undefined` if the command has no key.
 *
 * A key that the caller chose belongs to that caller, or one could read another's answer by guessing
 * it. A key that the contract derives from the input belongs to the thing it names, whoever asks.
 */
function claimOf(incoming: Incoming): Claim | undefined {
  const { key, caller, input } = incoming
  if (key === undefined) return undefined
  const operation = askedIn(incoming)
  const owner = operation.kind === 'command' && operation.key === 'from-caller' ? `:${caller}` : ''
  const scope = `call:${operation.contract}.${operation.name}${owner}`
  return { scope, id: key, fingerprint: fingerprint(input) }
}

/** One run of a command's handler, in its transaction. */
async function effectOf(
  { service }: Site,
  incoming: Incoming,
  handler: Runs,
  { tx, found }: { readonly tx: Transaction; readonly found: unknown },
): Promise<Effect> {
  const { input, key } = incoming
  const emitted = emitter(service.contract)
  const { refuse, answer } = refuser(askedIn(incoming))
  const context = { tx: service.db.over(tx), input, emit: emitted.emit, refuse, key, asked: found }
  // The handler was declared for this operation, this contract and this database.
  const result = await handler.run(context as never)
  const emissions = await emitted.collect()
  return { ...(await answer(result)), emissions }
}

async function query(entrance: Entrance, incoming: Incoming, handler: Runs): Promise<Answer> {
  const { database, service } = entrance.site
  const found = await ask(entrance, incoming, handler)
  const { isolation = 'read committed' } = service.db
  const bounds = { timeoutMs: timeoutMs(incoming), readOnly: true, isolation }
  const begun = waitsForSession(entrance, incoming)
  const answering = await database.transaction(bounds, (tx) => {
    begun()
    return rolledBackBy(async () => {
      const { refuse, answer } = refuser(askedIn(incoming))
      const context = { db: service.db.over(tx), input: incoming.input, refuse, asked: found }
      // The handler was declared for this operation and this database.
      return answer(await handler.run(context as never))
    })
  })
  return { ...answering, isReplayed: false }
}

/**
 * Tells the admission how long a transaction waited before its handler ran; call the result then. Who
 * waited too long to be answered in time is refused here: its work would make the next one late, too.
 */
function waitsForSession({ site, pressure }: Entrance, incoming: Incoming): () => void {
  const { clock } = site.world
  const { stay } = incoming
  const sinceMs = clock.monotonicMs()
  let hasBegun = false
  return () => {
    const nowMs = clock.monotonicMs()
    const waitedMs = nowMs - sinceMs
    // A transaction that is repeated begins more than once, but the request has waited once.
    const isFirst = !hasBegun
    hasBegun = true
    if (stay !== undefined && isFirst) pressure.waited(stay, 'database', waitedMs)
    const waited = `${Math.round(waitedMs)} ms for a session of the database`
    refuseLate(incoming, pressure, { nowMs, waited })
    if (stay !== undefined && isFirst) pressure.begins(stay)
  }
}

/** Refuses a request that has waited for so long that its answer would come too late. */
function refuseLate(
  incoming: Incoming,
  pressure: Pressure,
  { nowMs, waited }: { readonly nowMs: number; readonly waited: string },
): void {
  const neededMs = pressure.aloneMs(askedIn(incoming).name, nowMs)
  const leftMs = incoming.deadline.remainingMs()
  if (leftMs > 0 && leftMs >= neededMs) return
  if (incoming.stay !== undefined) pressure.begins(incoming.stay)
  throw new HoldfastError('HF_DEADLINE_EXHAUSTED', {
    detail: `after it had waited ${waited}, ${Math.floor(leftMs)} ms were left, and it needs ${Math.ceil(neededMs)} ms`,
    advice: 'never',
  })
}

/** What is left for the transaction. @throws HF_DEADLINE_EXHAUSTED (effect none) if nothing is. */
function timeoutMs({ deadline }: Incoming): number {
  const remainingMs = deadline.remainingMs()
  if (remainingMs > 0) return remainingMs
  throw new HoldfastError('HF_DEADLINE_EXHAUSTED', {
    detail: 'the deadline passed before the transaction could begin',
  })
}

/**
 * Runs a handler. What the database says passes unchanged, because it says what may be tried again;
 * all else that comes out of a handler is the handler's failure, whatever code it carries.
 */
async function rolledBackBy<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (isHoldfastError(cause) && isOfTransaction(cause)) throw cause
    throw new HoldfastError('HF_HANDLER_FAILED', { detail: 'the handler threw', cause })
  }
}

function isOfTransaction({ code }: HoldfastError): boolean {
  return code.startsWith('HF_DB_') || code === 'HF_HANDLER_FAILED'
}
