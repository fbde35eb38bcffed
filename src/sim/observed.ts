/**
 * What a simulation saw, as the map draws it: the declared arrow and the measured one side by side.
 *
 * Every service tells of its own calls and deliveries, as it does in production. Here somebody also
 * watches the network, so that a request over no edge at all (a plain `fetch` in a handler) is seen.
 */
import { type Observation, Witness } from '#map'
import type { System } from '#model'
import type { SimulateWith, SimulationResult } from './options.ts'
import { stopwatchMs } from './reality.ts'
import { simulateEach } from './simulate.ts'
import { summarized } from './summary.ts'

/** What was seen in the worlds of all seeds, and what came of them. */
export async function observed(
  system: System,
  options: Omit<SimulateWith, 'observe'>,
): Promise<{ readonly observation: Observation; readonly result: SimulationResult }> {
  const startedMs = stopwatchMs()
  const witness = new Witness()
  const observe = witness.see.bind(witness)
  const results = await simulateEach(system, { ...options, observe })
  for (const { places } of results) for (const link of places.edges) witness.crossed(link)
  const result = summarized(results, options, stopwatchMs() - startedMs)
  return { observation: witness.observation(), result }
}
