/**
 * `events`: an order and its event in one transaction, its effect once in the database of another
 * service, on a real PostgreSQL that keeps what it acknowledged.
 */
import type { Bench, Opened, Role, Subject } from '../method/bench.ts'
import { startChild } from '../method/child.ts'
import { type PostgresServer, startPostgres } from '../method/postgres.ts'

const WORKER = new URL('./worker.ts', import.meta.url)
const EVENTS = 1_000

/** The same number for everybody: code is compiled by calls and not by time. */
const WARM_EVENTS = 2_000

const subjects: readonly (readonly [string, Role])[] = [
  ['hand-written', 'floor'],
  ['graphile-worker', 'peer'],
  ['pg-boss', 'peer'],
  ['pg-transactional-outbox', 'peer'],
  ['dbos', 'peer'],
  ['holdfast', 'holdfast'],
  ['holdfast, with a key', 'variant'],
]

/** The bench of the event edge. */
export async function events(): Promise<Bench> {
  const server = await startPostgres()
  return {
    name: 'events',
    question: `${EVENTS} orders by 16 senders, each with an event, until the last effect is committed`,
    measures: [
      { name: 'rate', unit: 'events/s from end to end', better: 'more', isCompared: false },
      {
        name: 'us',
        unit: 'µs of CPU per event of both services, without the database',
        better: 'less',
        isCompared: true,
      },
    ],
    subjects: subjects.map(([name, role], index): Subject => ({
      name,
      role,
      open: () => open(server, name, index),
    })),
    close: () => server.stop(),
  }
}

async function open(server: PostgresServer, name: string, index: number): Promise<Opened> {
  const source = await server.fresh(`source_${index}`)
  const target = await server.fresh(`target_${index}`)
  const child = await startChild(WORKER, [name, source, target])
  await child.ask('burst', WARM_EVENTS)
  return { sample: () => child.ask('burst', EVENTS), close: () => child.end() }
}
