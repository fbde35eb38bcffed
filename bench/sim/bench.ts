/**
 * `sim`: the market under all faults, seed after seed, with its real SQL; the same simulator where no
 * handler has any; and the market on several processes.
 *
 * No peer simulates services with their SQL, so there is a floor alone: a bare queue of events that do
 * nothing. Shown, never compared: the queue lives in the processor's cache and the databases do not, so
 * a busy machine slows them unequally (two runs of one commit differed by a third).
 */
import type { Bench, Opened, Role, Sample, Subject } from '../method/bench.ts'
import { type Child, startChild } from '../method/child.ts'
import { SEEDS } from './seeds.ts'

const WORKER = new URL('./worker.ts', import.meta.url)

const subjects: readonly (readonly [string, Role])[] = [
  ['bare event queue', 'floor'],
  ['holdfast', 'holdfast'],
  ['holdfast, without SQL', 'variant'],
  ['bare PGlite', 'variant'],
  ['holdfast, statements', 'variant'],
  ['holdfast, bank', 'variant'],
  ['holdfast, six services', 'variant'],
  ['holdfast, restore', 'variant'],
  ['holdfast, 2 processes', 'variant'],
  ['holdfast, 4 processes', 'variant'],
]

/** The bench of the simulation. */
export const sim: Bench = {
  name: 'sim',
  question: `the market with its real SQL under all faults, ${SEEDS} seeds a sample for each process`,
  measures: [
    { name: 'events', unit: 'events per second of CPU', better: 'more', isCompared: false },
    {
      name: 'seeds',
      unit: 'seeds of the market per second of CPU',
      better: 'more',
      isCompared: false,
    },
    { name: 'speed', unit: 'simulated seconds per second', better: 'more', isCompared: false },
    {
      name: 'wallSeeds',
      unit: 'seeds of the market per second, all processes together',
      better: 'more',
      isCompared: false,
    },
    {
      name: 'calls',
      unit: 'calls per second of CPU, where no handler has SQL',
      better: 'more',
      isCompared: false,
    },
    {
      name: 'statements',
      unit: 'statements of a handler per second of CPU',
      better: 'more',
      isCompared: false,
    },
    { name: 'runs', unit: 'runs of the bank per second of CPU', better: 'more', isCompared: false },
    {
      name: 'six',
      unit: 'simulated seconds of six services at 20 requests a second, per second of CPU',
      better: 'more',
      isCompared: false,
    },
    {
      name: 'restoreMs',
      unit: 'ms of CPU to set a database back',
      better: 'less',
      isCompared: false,
    },
  ],
  subjects: subjects.map(([name, role]): Subject => ({ name, role, open: () => open(name) })),
}

async function open(name: string): Promise<Opened> {
  const count = Number(/(\d) processes/.exec(name)?.[1] ?? 1)
  const children = await Promise.all(
    Array.from({ length: count }, (_, index) => startChild(WORKER, [name, String(index)])),
  )
  return {
    sample: async () => (count === 1 ? oneOf(children) : together(children)),
    async close() {
      await Promise.all(children.map((child) => child.end()))
    },
  }
}

async function oneOf([child]: readonly Child[]): Promise<Sample> {
  return child === undefined ? {} : child.ask('sample')
}

/** Several processes are slower each and faster together: only the sum over the wall clock says how much. */
async function together(children: readonly Child[]): Promise<Sample> {
  const startedMs = performance.now()
  await Promise.all(children.map((child) => child.ask('sample')))
  const seconds = (performance.now() - startedMs) / 1_000
  return { wallSeeds: (children.length * SEEDS) / seconds }
}
