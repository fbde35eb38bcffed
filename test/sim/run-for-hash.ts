/**
 * Simulates the small system with some seeds; as a program it prints the hash of the one it is given.
 */
import { argv } from 'node:process'
import { simulate, type SimulationResult } from 'holdfast/sim'
import { bank, smallSystem } from './small-system.ts'

/** Ten deposits with every kind of fault. `isImpossible` adds a sentence that cannot be true. */
export async function runForHash(
  seeds: readonly number[],
  { isImpossible = false }: { readonly isImpossible?: boolean } = {},
): Promise<SimulationResult> {
  return simulate(smallSystem, {
    seeds,
    keepTrace: isImpossible,
    load: async (world) => {
      const client = world.client(bank)
      await world.many(10, async (index) => {
        await client.deposit({ id: `d${index}`, cents: 1 + world.random.integer(100) })
      })
    },
    always: isImpossible
      ? {
          'nothing is ever deposited': async ({ sql }) =>
            (await sql('bank')`select 1 from deposit`).length === 0,
        }
      : {},
  })
}

if (import.meta.main) console.log((await runForHash([Number(argv[2])])).traceHash)
