/**
 * `scale`: what one event, one command and one call cost as the system around them grows: rows in outbox
 * and inbox, edges, partitions. The result is the power with which the cost grows.
 *
 * There is no peer, and the floor is Holdfast itself with the least of it. `holdfast` is the most of it.
 */
import type { Bench, Measure, Opened, Role, Subject } from '../method/bench.ts'
import { startChild } from '../method/child.ts'
import { type PostgresServer, startPostgres } from '../method/postgres.ts'
import { EDGES, PARTITIONS, ROWS } from './points.ts'

const ROWS_WORKER = new URL('./rows-worker.ts', import.meta.url)
const EDGES_WORKER = new URL('./edges-worker.ts', import.meta.url)

/** The bench of how costs grow. */
export async function scale(): Promise<Bench> {
  const server = await startPostgres()
  return {
    name: 'scale',
    question:
      'one event, command or call, while there is more and more around it; the most is `holdfast`',
    measures: [
      {
        name: 'drainUs',
        unit: `µs per event while ${text(ROWS)} rows wait in the outbox`,
        better: 'less',
        isCompared: false,
      },
      {
        name: 'claimUs',
        unit: `µs per command with a key while ${text(ROWS)} rows are in the inbox`,
        better: 'less',
        isCompared: false,
      },
      cpu('emitUs', `µs of CPU per command that emits, in a service with ${text(EDGES)} edges`),
      cpu('callUs', `µs of CPU per call over one of ${text(EDGES)} edges`),
      cpu('mapUs', `µs of CPU for each edge of the map of ${text(EDGES)}`),
      cpu(
        'partitionsUs',
        `µs of CPU per event of a relay that holds ${text(PARTITIONS)} partitions`,
      ),
    ],
    subjects: [
      ...points(ROWS, 'rows', (rows) => openRows(server, { rows, edges: 1 })),
      ...points(EDGES, 'edges', openEdges),
      ...points(PARTITIONS, 'partitions', async (parts) => {
        const opened = await openRows(server, { rows: 0, edges: parts / PARTITIONS[0] })
        return {
          ...opened,
          // Of the measures of rows only the processor's time is asked here.
          sample: async () => ({
            partitionsUs: (await opened.sample())['drainCpuUs'] ?? Number.NaN,
          }),
        }
      }),
    ],
    close: () => server.stop(),
  }
}

function cpu(name: string, unit: string): Measure {
  return { name, unit, better: 'less', isCompared: true }
}

function text(sizes: readonly number[]): string {
  return sizes.map((size) => size.toLocaleString('en-US')).join(', ')
}

/** One subject for each size; the smallest is the floor, the largest is our row. */
function points(
  sizes: readonly number[],
  what: string,
  open: (size: number) => Promise<Opened>,
): readonly Subject[] {
  return sizes.map((size, index): Subject => {
    const isLargest = index === sizes.length - 1
    const role: Role = index === 0 ? 'floor' : isLargest ? 'holdfast' : 'variant'
    const name = isLargest ? 'holdfast' : `${size.toLocaleString('en-US')} ${what}`
    return { name, role, size, open: () => open(size) }
  })
}

async function openRows(
  server: PostgresServer,
  { rows, edges }: { readonly rows: number; readonly edges: number },
): Promise<Opened> {
  const source = await server.fresh(`source_${rows}_${edges}`)
  const target = await server.fresh(`target_${rows}_${edges}`)
  const args = [source, target, String(rows), String(edges)]
  const child = await startChild(ROWS_WORKER, args)
  return { sample: () => child.ask('sample'), close: () => child.end() }
}

async function openEdges(edges: number): Promise<Opened> {
  const child = await startChild(EDGES_WORKER, [String(edges)])
  return { sample: () => child.ask('sample'), close: () => child.end() }
}
