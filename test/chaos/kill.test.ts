/**
 * `kill -9` at random moments, under load, on real processes and real databases.
 *
 * Goal: no acknowledged order is lost, none is charged twice, every event is consumed once.
 * Method: customers place orders over HTTP, each with one key until it is acknowledged. Meanwhile the
 * process of all four services is killed HOLDFAST_KILLS times, each time between 0.2 and 5 seconds
 * after it was started, so also while it migrates, recovers, or relays. Then the market may finish, and the
 * four databases and the provider's books are compared. What the simulation cannot show is shown
 * here: the recovery of a real PGlite directory and of a real PostgreSQL.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connectService } from '#adapters'
import { readConfig } from '#host'
import { openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { type Acknowledged, load } from '../../examples/market/load.ts'
import { market as system } from '../../examples/market/system.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { Market } from './market-process.ts'

const KILLS = Number(process.env['HOLDFAST_KILLS'] ?? 5)
const SETTLE_MS_MAX = 120_000
const ASKED_AT_ONCE = 20
/** Enough to outlast the kills: while the market is down, nobody is served. */
const ORDERS_PER_KILL = 40

test(`${KILLS} kills on PGlite lose nothing and double nothing`, async () => {
  await killAndCompare({})
})

test(`${KILLS} kills on PostgreSQL lose nothing and double nothing`, async () => {
  await killAndCompare({ DATABASE_URL: await freshPostgresUrl() })
})

async function killAndCompare(environment: Readonly<Record<string, string>>): Promise<void> {
  const market = await Market.open(environment)
  try {
    market.start()
    await market.ready()
    const acknowledged = await loadUnderKills(market)
    await settled(market, acknowledged)
    const charges = await market.charges()
    assert.equal(await market.stop(), 0, market.output())
    await compare(market, acknowledged, charges)
  } finally {
    await market.close()
  }
}

async function loadUnderKills(market: Market): Promise<readonly Acknowledged[]> {
  const acknowledged: Acknowledged[] = []
  const customers = load({
    origin: market.origin,
    ordersPerSecond: 20,
    ordersMax: KILLS * ORDERS_PER_KILL,
    signal: new AbortController().signal,
    onAcknowledged: (order) => acknowledged.push(order),
  })
  for (let kill = 0; kill < KILLS; kill += 1) {
    await pause(200 + Math.random() * 4_800)
    await market.kill()
    market.start()
  }
  await market.ready()
  const { begun, contradicted } = await customers
  assert.deepEqual(contradicted, [])
  assert.equal(acknowledged.length, begun, 'every customer got an answer in the end')
  return acknowledged
}

/** Waits until every acknowledged order is paid or rejected. */
async function settled(market: Market, acknowledged: readonly Acknowledged[]): Promise<void> {
  const giveUpMs = performance.now() + SETTLE_MS_MAX
  const open = acknowledged.map(({ orderId }) => orderId)
  while (open.length > 0) {
    assert.ok(
      performance.now() < giveUpMs,
      `${open.length} orders are still open, such as ${open[0]}:\n${market.output()}`,
    )
    // A few at a time, as customers would ask: a thousand at once are refused, and rightly.
    const asked = open.splice(0, ASKED_AT_ONCE)
    const states = await Promise.all(asked.map(async (id) => market.get(`/orders/${id}`)))
    const lost = states.filter(
      (state) => !isShed(state) && (state['code'] ?? state['refusal']) !== undefined,
    )
    assert.deepEqual(lost.slice(0, 3), [], 'an acknowledged order is not known any more')
    const waiting = asked.filter((_, index) => {
      const state = states[index] ?? {}
      return isShed(state) || state['status'] === 'pending'
    })
    open.push(...waiting)
    if (waiting.length > 0) await pause(100)
  }
}

/** Whoever was told to come back later comes back later: that says nothing about the order. */
function isShed({ code }: Readonly<Record<string, unknown>>): boolean {
  return code === 'HF_OVERLOADED' || code === 'HF_DEADLINE_EXHAUSTED'
}

async function compare(
  market: Market,
  acknowledged: readonly Acknowledged[],
  charges: Awaited<ReturnType<Market['charges']>>,
): Promise<void> {
  const orders = await rows<{
    order_id: string
    cents: number
    status: string
    reason: string | null
  }>(market, 'orders', 'select order_id, cents, status, reason from orders')
  const paid = orders.filter(({ status }) => status === 'paid')
  const known = new Set(ids(orders))
  assert.deepEqual(
    acknowledged.filter(({ orderId }) => !known.has(orderId)),
    [],
    'every acknowledged order is kept',
  )
  assert.deepEqual(
    orders.filter(({ status }) => status === 'pending'),
    [],
    'no order is stuck',
  )
  const charged = charges.filter(({ status }) => status === 'charged').map(({ orderId }) => orderId)
  assert.deepEqual(charged.toSorted(), ids(paid), 'exactly the paid orders were charged, each once')

  const entries = await rows<{ order_id: string; cents: number }>(
    market,
    'ledger',
    `select order_id, cents from entries where account = 'cash'`,
  )
  assert.deepEqual(ids(entries), ids(paid), 'exactly the paid orders are booked, each once')
  assert.equal(
    sum(entries),
    sum(charges.filter(({ status }) => status === 'charged')),
    'money in is money booked',
  )

  const stock = await rows(
    market,
    'inventory',
    `select sku from stock where available < 0 or supplied - available <>
       (select coalesce(sum(quantity), 0) from reservations r where r.sku = stock.sku and status = 'sold')`,
  )
  assert.deepEqual(stock, [], 'what left the shelf is what was sold')
  await compareEvents(market, orders.length)
}

function ids(all: readonly { readonly order_id: string }[]): string[] {
  return all.map((each) => each.order_id).toSorted()
}

function sum(all: readonly { readonly cents: number }[]): number {
  return all.reduce((total, { cents }) => total + cents, 0)
}

async function compareEvents(market: Market, orders: number): Promise<void> {
  for (const { name } of system.services) {
    const left = await rows(market, name, `select edge, id, attempts, error from hf.outbox`)
    assert.deepEqual(left, [], `the outbox of ${name} is empty`)
  }
  const consumed = await rows<{ count: string }>(
    market,
    'inventory',
    `select count(*) from hf.inbox where scope = 'event:orders>inventory'`,
  )
  assert.equal(Number(consumed[0]?.count), orders, 'each placed event was consumed once')
}

async function rows<Row = Record<string, unknown>>(
  market: Market,
  name: string,
  text: string,
): Promise<Row[]> {
  const service = system.services.find((each) => each.name === name)
  assert.ok(service)
  const connections = await connectService(readConfig(market.environment, system), service)
  const database = openDatabase(connections, {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
  })
  try {
    return (await database.query<Row>(text)).rows
  } finally {
    await database.close()
  }
}
