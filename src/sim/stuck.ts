/**
 * What keeps a world from being settled: the liveness half of a simulation.
 *
 * Safety is checked by the user's sentences; that everything promised also comes to pass is checked
 * here, for every system alike, once nothing stands in its way any more.
 */
import type { SimulatedNetwork } from './network.ts'
import type { Plant } from './plant.ts'

/** The outbox by edge. A row without end in sight is a dead letter. */
const OUTBOX = `
  select edge, due_at is not distinct from 'infinity' as dead, count(*)::int as messages,
    max(attempts) as attempts, max(error) as error
  from hf.outbox group by 1, 2 order by 1, 2`

/** What stands in the way of rest, in words. */
export interface Unfinished {
  /** May yet come to an end by itself. */
  readonly pending: readonly string[]
  /** Was given up: only an operator can help. */
  readonly dead: readonly string[]
}

/** What is unfinished. `undefined` while a transaction is open: then nobody can tell. */
export function unfinished(
  plant: Plant,
  network: SimulatedNetwork,
  isLoadDone: boolean,
): Unfinished | undefined {
  const servers = [...plant.servers.values()]
  if (!servers.every((server) => server.isAtRest)) return undefined
  const visible = isLoadDone ? plant.down() : ['the load still runs', ...plant.down()]
  const outboxes = servers.flatMap((server) => server.peekCommitted(OUTBOX))
  return {
    pending: [
      ...visible,
      ...outboxes.filter(({ dead }) => dead !== true).map(undelivered),
      ...unanswered(network.underWay),
    ],
    dead: outboxes.filter(({ dead }) => dead === true).map(undelivered),
  }
}

/** Requests that are listed; the rest is counted. */
const LISTED_MAX = 3

function unanswered(requests: readonly string[]): readonly string[] {
  const more = requests.length - LISTED_MAX
  const listed = requests.slice(0, LISTED_MAX)
  return more <= 0 ? listed : [...listed, `${more} more requests have no answer yet`]
}

function undelivered({ edge, dead, messages, attempts, error }: Record<string, unknown>): string {
  const fate = dead === true ? 'given up' : 'undelivered'
  const why = typeof error === 'string' ? `, last error: ${error}` : ''
  return `${String(edge)}: ${String(messages)} events ${fate} after ${String(attempts)} attempts${why}`
}
