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
import { currentContext, formatTraceparent, newTrace, type Trace } from '#observe'
import type { Transaction } from '#state'
import { isoMoment, uuid } from '#world'
import type { Site } from '../site.ts'
import type { Emission } from './emission.ts'
import { partitionOf, type Slot, slotOf } from './partition.ts'

/** What stands in the outbox beside the payload; the relay reads it back. */
export interface Head {
  /** `orders.placed`. */
  readonly event: string
  readonly traceparent: string
  /** ISO 8601, of the emitting service's wall clock. */
  readonly time: string
}

/** Rows that wait for the commit of the transaction that wrote them. */
export interface Flushed {
  /** Wakes the relay and states what was emitted. Only after the commit. */
  committed(): void
}

interface Outgoing {
  readonly id: string
  readonly emission: Emission
  readonly edges: readonly string[]
}

/** Writes one row for each message and each edge that carries it: at most two round trips. */
export async function flush(
  site: Site,
  tx: Transaction,
  emissions: readonly Emission[],
): Promise<Flushed> {
  const outgoing = emissions.flatMap((emission) => addressed(site, emission))
  if (outgoing.length === 0) return { committed: () => {} }
  const trace = currentContext()?.trace ?? newTrace(site.world.random)
  await lockKeys(tx, outgoing)
  await insert(tx, outgoing, headOf(site, trace))
  return {
    committed: () => {
      for (const each of outgoing) state(site, trace, each)
      site.wake()
    },
  }
}

/** The message with its edges; none where nobody subscribes. */
function addressed(site: Site, emission: Emission): Outgoing[] {
  const edges = site.system.eventEdges
    .filter((edge) => edge.source === site.service.name && edge.events.includes(emission.event))
    .map((edge) => edge.name)
  if (edges.length === 0) return []
  return [{ id: uuid(site.world.random, site.world.clock.wallMs()), emission, edges }]
}

async function lockKeys(tx: Transaction, outgoing: readonly Outgoing[]): Promise<void> {
  const keyed = outgoing.filter(({ emission }) => emission.key !== '')
  const slots = inOrder(
    keyed.flatMap(({ edges, emission }) => edges.map((edge) => slotOf(edge, emission.key))),
  )
  if (slots.length === 0) return
  await tx.query(
    `select pg_advisory_xact_lock(space, slot)
     from unnest($1::int[], $2::int[]) as wanted(space, slot)`,
    [slots.map((each) => each.space), slots.map((each) => each.slot)],
  )
}

/** Each slot once, in the one order that all transactions keep. */
function inOrder(slots: readonly Slot[]): Slot[] {
  const distinct = new Map(slots.map((each) => [`${each.space}:${each.slot}`, each]))
  return [...distinct.values()].toSorted((a, b) => a.space - b.space || a.slot - b.slot)
}

function headOf(site: Site, trace: Trace): (emission: Emission) => Head {
  const traceparent = formatTraceparent(trace)
  const time = isoMoment(site.world.clock.wallMs())
  return (emission) => ({ event: `${site.service.name}.${emission.event}`, traceparent, time })
}

async function insert(
  tx: Transaction,
  outgoing: readonly Outgoing[],
  head: (emission: Emission) => Head,
): Promise<void> {
  const rows = outgoing.flatMap(({ id, emission, edges }) =>
    edges.map((edge) => ({ edge, id, emission, part: partitionOf({ key: emission.key, id }) })),
  )
  // `order by` makes `seq` follow the order in which the handler emitted.
  await tx.query(
    `insert into hf.outbox (edge, part, id, key, body, head)
     select edge, part, id, key, body::jsonb, head::jsonb
     from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[])
       with ordinality as row(edge, part, id, key, body, head, place)
     order by place`,
    [
      rows.map((row) => row.edge),
      rows.map((row) => row.part),
      rows.map((row) => row.id),
      rows.map((row) => row.emission.key),
      rows.map((row) => JSON.stringify(row.emission.payload ?? null)),
      rows.map((row) => JSON.stringify(head(row.emission))),
    ],
  )
}

function state(site: Site, trace: Trace, { id, emission, edges }: Outgoing): void {
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
