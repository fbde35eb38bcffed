/**
 * F7: one bad event blocks everything behind it, or loops forever.
 *
 * Goal: an event that its consumer cannot digest holds up its own key and nothing else, is tried a
 * bounded number of times, and when its consumer is mended its key goes on, in order. Method: the
 * warehouse cannot pack one line of the order `o0` until somebody mends it. How a dead letter is delivered
 * after all stands in test/event/redelivery.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Load, simulate, type SimulateOptions, type SimulationResult } from 'holdfast/sim'
import { ordersInOneQueue } from './support/pump.ts'
import { byHand, declared, ORDERS, promises, sixOrders, warehouse } from './support/shop.ts'

/** The lines that stood packed when the warehouse was mended, by order. */
type Parcels = Readonly<Record<string, readonly number[]>>

const WHOLE = [1, 2, 3, 4]

async function poisoned(
  shop: typeof declared,
  options: Pick<SimulateOptions, 'seeds' | 'faults' | 'foreign'> & {
    /** Which line of `o0` cannot be packed. */
    readonly poison: number
    readonly mends: boolean
  },
): Promise<{ readonly result: SimulationResult; readonly before: readonly Parcels[] }> {
  const { poison, mends, ...given } = options
  const before: Parcels[] = []
  let isMended = false
  const system = shop(({ orderId, n }) => {
    if (orderId === 'o0' && n === poison && !isMended) throw new Error('it cannot be packed')
  })
  const load = async (world: Load): Promise<void> => {
    isMended = false
    await sixOrders(world)
    await world.sleep('30s')
    before.push(await parcels(world))
    isMended = mends
  }
  // The faults end after five seconds, so that the look at the parcels meets none of them.
  const duration = '5s'
  return { result: await simulate(system, { ...given, duration, load, settled: promises }), before }
}

async function parcels(world: Load): Promise<Parcels> {
  const { parcel } = world.client(warehouse, { deadline: '30s' })
  const lines = ORDERS.map(async (orderId) => [orderId, await parcel({ orderId })] as const)
  return Object.fromEntries(await Promise.all(lines))
}

test('in one queue, the lines of every order wait behind the bad one', async () => {
  const foreign = { orders: ordersInOneQueue }

  const { before } = await poisoned(byHand, {
    seeds: 3,
    faults: [],
    foreign,
    poison: 2,
    mends: true,
  })

  for (const { o0, ...others } of before) {
    assert.deepEqual(o0, [1])
    assert.ok(Object.values(others).some((lines) => lines.length < WHOLE.length))
  }
})

test('over an event edge its own order waits, no other does, and mended all is packed in order', async () => {
  const faults = ['duplicate', 'delay', 'lost-answer'] as const

  const { before, result } = await poisoned(declared, { seeds: 10, faults, poison: 2, mends: true })

  for (const { o0, ...others } of before) {
    assert.deepEqual(o0, [1])
    assert.deepEqual(Object.values(others), [WHOLE, WHOLE, WHOLE, WHOLE, WHOLE])
  }
  assert.deepEqual(result.violations, [])
  assert.equal(before.length, 10)
})

test('never mended, it is given up after twelve tries, and stands there with the reason', async () => {
  const { result } = await poisoned(declared, {
    seeds: 1,
    faults: [],
    poison: 4,
    mends: false,
  })

  const [violation] = result.violations
  assert.equal(violation?.kind, 'unsettled')
  assert.match(violation.detail, /1 events given up after 12 attempts/)
})
