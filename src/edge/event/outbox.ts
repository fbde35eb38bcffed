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
import type { Database, Transaction } from '#state'
import { isoMoment } from '#world'
import type { Site } from '../site.ts'
import { backlogOf } from './backlog.ts'
import type { Emission } from './emission.ts'
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

/** Rows that wait for the commit of the transaction that wrote them. */
export interface Flushed {
  /** Wakes the relay and states what was emitted. Only after the commit. */
  committed(): void
}

interface Outgoing {
  readonly id: string
  readonly stamp: string
  readonly emission: Emission
  readonly trace: Trace
  readonly edges: readonly string[]
}

/** Writes one row for each message and each edge that carries it, in one round trip. */
export async function flush(
  site: Emitting,
  tx: Pick<Transaction, 'query'>,
  emissions: readonly Emission[],
): Promise<Flushed> {
  const trace = currentContext()?.trace ?? newTrace(site.world.random)
  const shed: HoldfastError[] = []
  const outgoing = emissions.flatMap((emission) => addressed(site, emission, { trace, shed }))
  if (outgoing.length > 0) await insert(tx, outgoing, headOf(site))
  return {
    committed: () => {
      for (const each of outgoing) state(site, each)
      for (const each of shed) stateShed(site, each)
      if (outgoing.length > 0) site.wake()
    },
  }
}

/** The message with its edges; none where nobody subscribes. */
function addressed(
  site: Emitting,
  emission: Emission,
  { trace, shed }: { readonly trace: Trace; readonly shed: HoldfastError[] },
): Outgoing[] {
  const edges = site.system.eventEdges
    .filter((edge) => edge.source === site.service.name && edge.events.includes(emission.event))
    .map((edge) => edge.name)
    .filter((edge) => mayTake(site, edge, emission, shed))
  if (edges.length === 0) return []
  const stamp = hybridOf(site.world.clock).tick()
  const id = stampedUuid(stamp, site.world.random)
  return [{ id, stamp: writeStamp(stamp), emission, trace: emission.trace ?? trace, edges }]
}

/** True if the edge takes the event. What is shed is added to `shed`. @throws HF_OUTBOX_FULL */
function mayTake(
  { database, service }: Emitting,
  edge: string,
  { event: name }: Emission,
  shed: HoldfastError[],
): boolean {
  const event = service.contract['~contract'].operations[name]
  const waiting = database && backlogOf(database, edge)
  if (event?.kind !== 'event' || waiting === undefined) return true
  const { eventsMax, ageMsMax, full } = event.backlog
  if (waiting.events < eventsMax && waiting.oldestMs < ageMsMax) return true
  const limit = waiting.events < eventsMax ? `${ageMsMax} ms` : `${eventsMax} events`
  const error = new HoldfastError('HF_OUTBOX_FULL', {
    edge,
    detail: `${waiting.events} events wait, the oldest for ${Math.round(waiting.oldestMs)} ms; the limit of ${service.name}.${name} is ${limit}`,
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

async function insert(
  tx: Pick<Transaction, 'query'>,
  outgoing: readonly Outgoing[],
  head: (outgoing: Outgoing) => Head,
): Promise<void> {
  const rows = outgoing.flatMap((each) =>
    each.edges.map((edge) => ({ ...each, edge, head: JSON.stringify(head(each)) })),
  )
  const slots = slotsOf(outgoing)
  await tx.query(slots.length === 0 ? INSERT : INSERT_LOCKED, [
    rows.map((row) => row.edge),
    rows.map(({ emission, id }) => partitionOf({ key: emission.key, id })),
    rows.map((row) => row.id),
    rows.map((row) => row.emission.key),
    rows.map((row) => JSON.stringify(row.emission.payload ?? null)),
    rows.map((row) => row.head),
    rows.map(({ emission: { due } }) => (due && 'afterMs' in due ? due.afterMs : null)),
    rows.map(({ emission: { due } }) => (due && 'atMs' in due ? due.atMs : null)),
    ...(slots.length === 0
      ? []
      : [slots.map((each) => each.space), slots.map((each) => each.slot)]),
  ])
}

// `order by` makes `seq` follow the order in which the handler emitted.
const ROWS = `
  unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[],
      $8::float8[])
    with ordinality as row(edge, part, id, key, body, head, after_ms, at_ms, place)
  order by place`

const COLUMNS = `
  insert into hf.outbox (edge, part, id, key, body, head, due_at)
  select edge, part, id, key, body::jsonb, head::jsonb, case
    when after_ms is not null then clock_timestamp() + after_ms * interval '1 millisecond'
    when at_ms is not null then to_timestamp(at_ms / 1000) end`

const INSERT = `${COLUMNS} from ${ROWS}`

// `seq` is drawn for the rows that come out of the join, and none does before all locks are counted.
const INSERT_LOCKED = `
  with locked as materialized (
    select pg_advisory_xact_lock(space, slot)
    from unnest($9::int[], $10::int[]) as wanted(space, slot))
  ${COLUMNS} from (select count(*) from locked) as held, ${ROWS}`

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
