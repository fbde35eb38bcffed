/**
 * `sim`: the market under all faults, seed after seed, with its real SQL.
 *
 * No peer simulates services with their SQL, so there is a floor alone: a bare queue of events that do
 * nothing. Shown, never compared: the queue lives in the processor's cache and the databases do not, so
 * a busy machine slows them unequally (two runs of one commit differed by a third).
 */
import type { Bench, Opened, Role, Subject } from '../method/bench.ts'
import { startChild } from '../method/child.ts'

const WORKER = new URL('./worker.ts', import.meta.url)

const subjects: readonly (readonly [string, Role])[] = [
  ['bare event queue', 'floor'],
  ['holdfast', 'holdfast'],
]

/** The bench of the simulation. */
export const sim: Bench = {
  name: 'sim',
  question: 'the market with its real SQL under all faults, five seeds a sample',
  measures: [
    { name: 'events', unit: 'events per second of CPU', better: 'more', isCompared: false },
    {
      name: 'seeds',
      unit: 'seeds of the market per second of CPU',
      better: 'more',
      isCompared: false,
    },
    { name: 'speed', unit: 'simulated seconds per second', better: 'more', isCompared: false },
  ],
  subjects: subjects.map(([name, role]): Subject => ({ name, role, open: () => open(name) })),
}

async function open(name: string): Promise<Opened> {
  const child = await startChild(WORKER, [name])
  return { sample: () => child.ask('sample'), close: () => child.end() }
}
