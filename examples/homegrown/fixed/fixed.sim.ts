/**
 * The same customers, the same world, and the two files that were put right.
 */
import type { Scenario } from 'holdfast/sim'
import { withServices } from '../homegrown.sim.ts'

export const scenario: Scenario = withServices({
  orders: new URL('orders.ts', import.meta.url),
  payments: new URL('payments.ts', import.meta.url),
})
