/**
 * Simulates the small system with some seeds; as a program it prints the hash of those it is given.
 */
import { argv } from 'node:process'
import { simulate, type SimulationResult } from 'holdfast/sim'
import { bank, smallSystem } from './small-system.ts'

/** What is added to the ten deposits. */
interface Variant {
  /** A sentence that cannot be true. */
  readonly isImpossible?: boolean
  /** Several instances, whose work takes time. */
  readonly isCrowded?: boolean
}

const CROWDED = { instances: { bank: 3, audit: 2 }, cpu: { bank: '5ms', audit: '20ms' } } as const

/** Ten deposits with every kind of fault. */
export async function runForHash(
  seeds: readonly number[],
  { isImpossible = false, isCrowded = false }: Variant = {},
): Promise<SimulationResult> {
  return simulate(smallSystem, {
    seeds,
    keepTrace: isImpossible,
    ...(isCrowded && CROWDED),
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

if (import.meta.main) {
  const [, , seeds = '', variant] = argv
  const isCrowded = variant === 'crowded'
  console.log((await runForHash(seeds.split(',').map(Number), { isCrowded })).traceHash)
}
