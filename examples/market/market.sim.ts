/**
 * The market in a hostile world: what its customers do, and what must be true whatever happens.
 *
 * Twenty orders are placed twenty-four times: four customers are so impatient that they place theirs
 * twice at once, with one key. Nobody gives up: whoever gets no answer asks again, with the same key.
 * Meanwhile messages are lost and doubled, services crash, and the provider has an ordinary day.
 */
import type { Outcome } from 'holdfast'
import type { Load, Look, SimulateOptions } from 'holdfast/sim'
import { basket } from './basket.ts'
import { inventory } from './inventory/contract.ts'
import { orders } from './orders/contract.ts'
import { Books } from './provider/books.ts'
import { simulatedProvider } from './provider/simulated.ts'

const ORDERS = 20
const PLACINGS = 24
/** Longer than any world is hostile: after that, a customer without an answer is a violation. */
const TRIES_MAX = 500

/**
 * What is known outside the market: the answers that customers got, by key, and the provider's books.
 * One world is simulated at a time, and each begins with new ones.
 */
let promised = new Map<string, ReadonlySet<string>>()
let books = new Books([], () => undefined)

export const scenario: SimulateOptions = {
  foreign: {
    provider: (machine) => {
      books = machine.kept('books', () => new Books([], () => undefined))
      return { fetch: simulatedProvider(books) }
    },
  },

  load: async (w) => {
    promised = new Map()
    await Promise.all([w.many(PLACINGS, (n) => place(w, n % ORDERS)), w.many(2, () => deliver(w))])
  },

  always: {
    'what left the shelf is reserved or sold': async ({ sql }) => {
      const wrong = await sql('inventory')`
        select sku from stock
        where supplied - available <> (select coalesce(sum(quantity), 0) from reservations
                                       where sku = stock.sku and status <> 'released')`
      return wrong.length === 0
    },
    'the ledger sums to zero': async ({ sql }) => {
      const [sum] = await sql('ledger')`select coalesce(sum(cents), 0)::int as cents from entries`
      return sum?.['cents'] === 0
    },
    'nothing is booked that the provider did not take': async (look) => {
      const taken = new Set(takenByProvider())
      return (await booked(look)).every((each) => taken.has(each))
    },
    'no card is charged twice for one order': () => {
      const charged = books.list().map(({ orderId }) => orderId)
      return new Set(charged).size === charged.length
    },
  },

  settled: {
    'one key is one order, and it is there': async ({ sql }) => {
      const rows = await sql('orders')`select order_id from orders`
      const placed = new Set(rows.map((row) => row['order_id']))
      return [...promised.values()].every(
        ([id, ...others]) => placed.has(id) && others.length === 0,
      )
    },
    'no order is stuck': async ({ sql }) => {
      const pending = await sql('orders')`select order_id from orders where status = 'pending'`
      return pending.length === 0
    },
    'money in is money booked is money paid for': async (look) => {
      const taken = takenByProvider().toSorted()
      const paid = await lines(look, 'orders', `from orders where status = 'paid'`)
      const recorded = await lines(look, 'payments', `from payments where status = 'charged'`)
      const all = [paid, recorded, await booked(look)].map((each) => each.toSorted().join('\n'))
      return all.every((each) => each === taken.join('\n'))
    },
    'stock is sold exactly to the orders that are paid': async ({ sql }) => {
      const paid = await sql('orders')`
        select order_id, sku, quantity from orders where status = 'paid' order by order_id`
      const kept = await sql('inventory')`
        select order_id, sku, quantity from reservations where status <> 'released' order by order_id`
      const held = await sql('inventory')`select 1 from reservations where status = 'held'`
      return held.length === 0 && JSON.stringify(paid) === JSON.stringify(kept)
    },
    'a delivery is put on the shelf once': async ({ sql }) => {
      const [plum] = await sql('inventory')`select supplied from stock where sku = 'plum'`
      return plum?.['supplied'] === 100_007
    },
    'of twenty orders one is sold out, one is declined, and the rest are paid': async ({ sql }) => {
      const ends = await sql('orders')`
        select coalesce(reason, status) as ending, count(*)::int as orders
        from orders group by ending order by ending`
      const expected = [
        { ending: 'declined', orders: 1 },
        { ending: 'paid', orders: 18 },
        { ending: 'soldOut', orders: 1 },
      ]
      return JSON.stringify(ends) === JSON.stringify(expected)
    },
  },
}

/** Places the n-th order; its key is its number. */
async function place(w: Load, n: number): Promise<void> {
  const key = `order-${n}`
  const { orderId } = await insist(w, () => w.client(orders).place.outcome(basket(n), { key }))
  promised.set(key, new Set(promised.get(key)).add(orderId))
}

/** Two drivers bring the same plums: one key, one delivery. */
async function deliver(w: Load): Promise<void> {
  const plums = { sku: 'plum', quantity: 7 }
  await insist(w, () => w.client(inventory).restock.outcome(plums, { key: 'delivery-1' }))
}

/** Asks until there is an answer. */
async function insist<Op>(w: Load, ask: () => Promise<Outcome<Op>>) {
  for (let tries = 1; ; tries += 1) {
    const outcome = await ask()
    if (outcome.kind === 'done') return outcome.value
    if (outcome.kind === 'refused') throw new Error('a good request was refused')
    if (tries === TRIES_MAX) throw new Error('still no answer', { cause: outcome.error })
    await w.sleep('500ms')
  }
}

/** `order cents` for each charge that the provider made. */
function takenByProvider(): string[] {
  const charged = books.list().filter(({ status }) => status === 'charged')
  return charged.map(({ orderId, cents }) => `${orderId} ${cents}`)
}

async function booked(look: Look): Promise<string[]> {
  return lines(look, 'ledger', `from entries where account = 'cash'`)
}

/** `order cents` for each row. */
async function lines({ sql }: Look, service: string, from: string): Promise<string[]> {
  const rows = await sql(service, `select order_id || ' ' || cents as line ${from}`)
  return rows.map((row) => String(row['line']))
}
