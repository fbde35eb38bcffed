/**
 * A price is set, and looked at in the shop when what the shop had kept must be gone.
 */
import type { Load, Scenario } from 'holdfast/sim'
import { prices, shop } from './system.ts'

const PRICES = 5

/** Prices that were shown although a later one had been set for long. Each world begins with none. */
let outdated: readonly string[] = []

export const scenario: Scenario = {
  load: async (w) => {
    outdated = []
    for (let cents = 1; cents <= PRICES; cents += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one price after another.
      await change(w, cents)
    }
  },

  settled: { 'no price is shown for longer than it may be kept': () => outdated.length === 0 },
}

async function change(w: Load, cents: number): Promise<void> {
  await w.client(shop).price.outcome({})
  const set = await w.client(prices).set.outcome({ cents })
  // One second fresh, a tenth more by chance, one second while it is fetched anew, one on its way.
  await w.sleep('4s')
  const shown = await w.client(shop).price.outcome({})
  if (set.kind !== 'done' || shown.kind !== 'done' || shown.value.isOld) return
  if (shown.value.cents < cents) outdated = [...outdated, `${shown.value.cents} for ${cents}`]
}
