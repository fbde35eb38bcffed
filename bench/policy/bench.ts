/**
 * `policy`: what it costs to put retry, budget, breaker, bulkhead and deadline around a call that
 * resolves at once. Nothing is sent, so nothing hides the price of the policies.
 */
import type { Bench, Opened, Role, Subject } from '../method/bench.ts'
import { startChild } from '../method/child.ts'

const WORKER = new URL('./worker.ts', import.meta.url)

/** No collection may run while the bytes of a call are counted. */
const ROOMY = ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256']

const SAMPLE_MS = 150

const subjects: readonly (readonly [string, Role])[] = [
  ['hand-written', 'floor'],
  ['cockatiel', 'peer'],
  ['opossum', 'peer'],
  ['effect', 'peer'],
  ['holdfast', 'holdfast'],
  ['holdfast without timers', 'variant'],
  ['holdfast, whole edge', 'variant'],
  ['bare await', 'variant'],
]

/** The bench of the policies. */
export const policy: Bench = {
  name: 'policy',
  question:
    'retry (3), breaker, bulkhead (32) and deadline (1 s) around a call that resolves at once',
  measures: [
    { name: 'ns', unit: 'ns of CPU per call', better: 'less', isCompared: true },
    { name: 'bytes', unit: 'bytes allocated per call', better: 'less', isCompared: true },
  ],
  subjects: subjects.map(([name, role]): Subject => ({ name, role, open: () => open(name) })),
}

async function open(name: string): Promise<Opened> {
  const [timed, weighed] = [
    await startChild(WORKER, [name]),
    await startChild(WORKER, [name], ROOMY),
  ]
  return {
    sample: async () => ({
      ...(await timed.ask('time', SAMPLE_MS)),
      ...(await weighed.ask('bytes')),
    }),
    async close() {
      await Promise.all([timed.end(), weighed.end()])
    },
  }
}
