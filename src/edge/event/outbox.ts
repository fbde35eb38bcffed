/**
 * The way into the outbox: what a handler emitted becomes rows, in the handler's own transaction.
 *
 * Intuition: a row that commits with the effect cannot be lost and cannot lie. One row stands for one
 * message and one subscriber, so that a subscriber who is away holds up nobody else.
 *
 * Invariants:
 *   X1. The rows are written through the handler's transaction and no other: they exist if and only
 *       if it commits.
 *   X2. For one key of one edge the order of `seq` is the order of commits: the key's lock is taken
 *       before `seq` is drawn, and held until the transaction has ended.
 *   X3. Locks are taken last and in one order, so they are short and cannot deadlock one another.
 *   X4. `committed` states and wakes, and is called after the commit only.
 *
 * Rejected: NOTIFY within the transaction, which makes all commits of a cluster queue (ADR 0018).
 */
import { hybridOf, stampedUuid, writeStamp } from '#clock'
import { assert, HoldfastError } from '#errors'
import { currentContext, formatTraceparent, newTrace, type Trace } from '#observe'
import type { Database, Statement, Transaction } from '#state'
import { isoMoment } from '#world'
import type { Site } from '../site.ts'
import { backlogOf, countOn } from './backlog.ts'
import type { Emission } from './emission.ts'
import { KEY_LENGTH_MAX } from './envelope.ts'
import { partitionOf, type Slot, slotOf } from './partition.ts'

/** What stands in the outbox beside the payload; the relay reads it back. */
export interface Head {
  /** `orders.placed`. */
  readonly event: string
  readonly traceparent: string
  /** ISO 8601, of the emitting service's wall clock; of what is delayed, when it is due. */
  readonly time: string
  /** Hybrid stamp of the emission, as text. Rows of older versions have none. */
  readonly stamp?: string
  /** Of the payload's shape. @defaultValue 1 */
  readonly version?: number
}

/** What of a site is needed to emit. */
export interface Emitting extends Pick<Site, 'service' | 'system' | 'observe' | 'wake'> {
  readonly world: Pick<Site['world'], 'clock' | 'random'>
  /** Where the backlog was measured; without one there is no bound. */
  readonly database?: Database
}

/** Rows that wait for the commit of the transaction that writes them. */
export interface Flushed {
  /** Writes them; `undefined` if there are none. */
  readonly statement: Statement | undefined
  /** Wakes the relay and states what was emitted. Only after the commit. */
  committed(): void
}

interface Outgoing {
  readonly id: string
  readonly stamp: string
  readonly emission: Emission
  /** Its payload, as JSON. */
  readonly body: string
  readonly trace: Trace
  readonly edges: readonly string[]
}

/** Writes one row for each message and each edge that carries it, in one round trip. */
export async function flush(
  site: Emitting,
  tx: Pick<Transaction, 'query'>,
  emissions: readonly Emission[],
): Promise<Flushed> {
  const flushed = prepare(site, emissions)
  const { statement } = flushed
  if (statement !== undefined) await tx.query(statement.text, statement.params)
  return flushed
}

/** The same, but the statement is left to the caller. @throws HF_OUTBOX_FULL, HF_EVENT_INVALID */
export function prepare(site: Emitting, emissions: readonly Emission[]): Flushed {
  const trace = currentContext()?.trace ?? newTrace(site.world.random)
  const shed: HoldfastError[] = []
  const taken = new Map<string, number>()
  const outgoing = emissions.flatMap((emission) =>
    addressed(site, emission, { trace, shed, taken }),
  )
  return {
    statement: outgoing.length > 0 ? inserting(outgoing, headOf(site)) : undefined,
    committed: () => {
      for (const each of outgoing) state(site, each)
      for (const each of shed) stateShed(site, each)
      if (site.database !== undefined)
        for (const [edge, events] of taken) countOn(site.database, edge, events)
      if (outgoing.length > 0) site.wake()
    },
  }
}

/** What one transaction has emitted so far. */
interface Emitted {
  readonly trace: Trace
  readonly shed: HoldfastError[]
  /** Events by edge. */
  readonly taken: Map<string, number>
}

/** The message with its edges; none where nobody subscribes. */
function addressed(site: Emitting, emission: Emission, emitted: Emitted): Outgoing[] {
  const edges = carriersOf(site, emission.event).filter((edge) =>
    mayTake(site, edge, emission, emitted),
  )
  if (edges.length === 0) return []
  const body = bodyOf(site, emission)
  const stamp = hybridOf(site.world.clock).tick()
  const id = stampedUuid(stamp, site.world.random)
  const trace = emission.trace ?? emitted.trace
  return [{ id, stamp: writeStamp(stamp), emission, body, trace, edges }]
}

/** Systems are frozen, so who carries an event is looked for once, and not among all edges each time. */
const carriers = new WeakMap<Emitting['system'], Map<string, readonly string[]>>()

/** The names of the edges that carry the event. */
function carriersOf({ service, system }: Emitting, event: string): readonly string[] {
  const known = carriers.get(system) ?? new Map<string, readonly string[]>()
  carriers.set(system, known)
  const name = `${service.name}.${event}`
  const found =
    known.get(name) ??
    system.eventEdges
      .filter((edge) => edge.source === service.name && edge.events.includes(event))
      .map((edge) => edge.name)
  known.set(name, found)
  return found
}

/**
 * Bytes of a payload as JSON: its envelope, whose longest part is a key of 1,024 characters, fits into
 * what is left of the 1,048,576 that a consumer reads.
 */
const PAYLOAD_BYTES_MAX = 1_000_000

/** The payload as JSON. What its consumer would not read, or not as it is, never enters the outbox. */
function bodyOf({ service }: Emitting, { event, key, payload }: Emission): string {
  const body = JSON.stringify(payload ?? null)
  // No character takes more than three bytes for each of its units.
  const bytes = 3 * body.length <= PAYLOAD_BYTES_MAX ? 0 : new TextEncoder().encode(body).length
  if (bytes <= PAYLOAD_BYTES_MAX && key.length <= KEY_LENGTH_MAX) return body
  const isLarge = bytes > PAYLOAD_BYTES_MAX
  throw new HoldfastError('HF_EVENT_INVALID', {
    detail: isLarge
      ? `${service.name}.${event} has ${bytes} bytes, the limit is ${PAYLOAD_BYTES_MAX}`
      : `the key of ${service.name}.${event} has ${key.length} characters, the limit is ${KEY_LENGTH_MAX}`,
    fix: isLarge
      ? 'Keep what is large in a store, and emit a reference to it.'
      : 'Derive a shorter key.',
  })
}

/** True if the edge takes the event. What is shed is added to `shed`. @throws HF_OUTBOX_FULL */
function mayTake(
  { database, service }: Emitting,
  edge: string,
  { event: name }: Emission,
  { shed, taken }: Emitted,
): boolean {
  const event = service.contract['~contract'].operations[name]
  const waiting = database && backlogOf(database, edge)
  const own = taken.get(edge) ?? 0
  taken.set(edge, own + 1)
  if (event?.kind !== 'event' || waiting === undefined) return true
  const { eventsMax, ageMsMax, full } = event.backlog
  const isLong = waiting.events + own >= eventsMax
  if (!isLong && waiting.oldestMs < ageMsMax) return true
  taken.set(edge, own)
  const limit = isLong ? `${eventsMax} events` : `${ageMsMax} ms`
  const error = new HoldfastError('HF_OUTBOX_FULL', {
    edge,
    detail: `${waiting.events + own} events wait, the oldest for ${Math.round(waiting.oldestMs)} ms; the limit of ${service.name}.${name} is ${limit}`,
    retryAfterMs: 1_000,
  })
  if (full === 'refuse') throw error
  shed.push(error)
  return false
}

/** The lock slots of all keys that are emitted. */
function slotsOf(outgoing: readonly Outgoing[]): readonly Slot[] {
  const keyed = outgoing.filter(({ emission }) => emission.key !== '')
  return inOrder(
    keyed.flatMap(({ edges, emission }) => edges.map((edge) => slotOf(edge, emission.key))),
  )
}

/** Each slot once, in the one order that all transactions keep. */
function inOrder(slots: readonly Slot[]): Slot[] {
  const distinct = new Map(slots.map((each) => [`${each.space}:${each.slot}`, each]))
  return [...distinct.values()].toSorted((a, b) => a.space - b.space || a.slot - b.slot)
}

function headOf({ service, world }: Emitting): (outgoing: Outgoing) => Head {
  const wallMs = world.clock.wallMs()
  const { operations } = service.contract['~contract']
  return ({ emission, stamp, trace }) => {
    const event = operations[emission.event]
    assert(event?.kind === 'event', `${service.name}.${emission.event} is an event`)
    return {
      event: `${service.name}.${emission.event}`,
      traceparent: formatTraceparent(trace),
      time: isoMoment(dueMs(emission, wallMs)),
      stamp,
      ...(event.version === 1 ? {} : { version: event.version }),
    }
  }
}

/** How far ahead an event may be emitted, in ms. */
const DELAY_MS_MAX = 366 * 86_400_000

function dueMs({ event, due }: Emission, wallMs: number): number {
  if (due === undefined) return wallMs
  const atMs = 'atMs' in due ? due.atMs : wallMs + due.afterMs
  if (atMs - wallMs <= DELAY_MS_MAX) return Math.max(atMs, wallMs)
  throw new HoldfastError('HF_EVENT_INVALID', {
    detail: `${event} would be delivered in ${Math.round((atMs - wallMs) / 86_400_000)} days, the limit is 366`,
  })
}

function inserting(outgoing: readonly Outgoing[], head: (outgoing: Outgoing) => Head): Statement {
  const rows = outgoing.flatMap((each) =>
    each.edges.map((edge) => ({ ...each, edge, head: JSON.stringify(head(each)) })),
  )
  const slots = slotsOf(outgoing)
  const params = [
    rows.map((row) => row.edge),
    rows.map(({ emission, id }) => partitionOf({ key: emission.key, id })),
    rows.map((row) => row.id),
    rows.map((row) => row.emission.key),
    rows.map((row) => row.body),
    rows.map((row) => row.head),
    rows.map(({ emission: { due } }) => (due && 'afterMs' in due ? due.afterMs : null)),
    rows.map(({ emission: { due } }) => (due && 'atMs' in due ? due.atMs : null)),
    ...(slots.length === 0
      ? []
      : [slots.map((each) => each.space), slots.map((each) => each.slot)]),
  ]
  return { text: slots.length === 0 ? INSERT : INSERT_LOCKED, params }
}

// `order by` makes `seq` follow the order in which the handler emitted.
const ROWS = `
  unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[],
      $8::float8[])
    with ordinality as row(edge, part, id, key, body, head, after_ms, at_ms, place)
  order by place`

const INSERT_INTO = `insert into hf.outbox (edge, part, id, key, body, head, due_at)`

const COLUMNS = `
  select edge, part, id, key, body::jsonb, head::jsonb, case
    when after_ms is not null then clock_timestamp() + after_ms * interval '1 millisecond'
    when at_ms is not null then to_timestamp(at_ms / 1000) end`

const INSERT = `${INSERT_INTO} ${COLUMNS} from ${ROWS}`

// `seq` is drawn for the rows that come out of the join, and none does before all locks are counted.
const INSERT_LOCKED = `${INSERT_INTO} ${COLUMNS}
  from (select count(pg_advisory_xact_lock(space, slot))
    from unnest($9::int[], $10::int[]) as wanted(space, slot)) as held, ${ROWS}`

function stateShed(site: Emitting, error: HoldfastError): void {
  site.observe({
    fact: 'failed',
    service: site.service.name,
    work: `shed ${error.edge}`,
    code: error.code,
    error,
    traceId: undefined,
  })
}

function state(site: Emitting, { id, emission, trace, edges }: Outgoing): void {
  site.observe({
    fact: 'emitted',
    service: site.service.name,
    event: `${site.service.name}.${emission.event}`,
    id,
    key: emission.key,
    edges,
    traceId: trace.traceId,
  })
}
