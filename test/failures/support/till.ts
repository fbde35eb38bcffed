/**
 * A till that asks a card service to charge: three ways to pay, which differ in one arrow.
 *
 * `swipe` and `charge` do the same, but `charge` has a key in its contract. `paySwiping` calls the one
 * and does by hand what everybody does about a lost answer: it calls again. `pay` calls the other, and
 * its edge calls again.
 */
import assert from 'node:assert/strict'
import {
  after,
  command,
  contract,
  edge,
  service,
  type Service,
  sql,
  system,
  type System,
} from 'holdfast'
import {
  type ForeignProgram,
  type Look,
  simulate,
  type SimulateOptions,
  type SimulationResult,
} from 'holdfast/sim'
import { z } from 'zod'
import { insist } from './insist.ts'

const Order = z.object({ orderId: z.string() })
const orderId = (order: z.infer<typeof Order>): string => order.orderId

/** What others may rely on about the card service. */
export const card = contract('card', {
  swipe: command({ input: Order }),
  charge: command({ input: Order, key: orderId }),
})

/** What others may rely on about the till. */
export const till = contract('till', {
  paySwiping: command({ input: Order, key: orderId }),
  pay: command({ input: Order, key: orderId }),
})

const CHARGE = 'insert into charged (order_id) values ($1)'

/** The card service: it keeps no order from being charged twice. */
export const cardService: Service = service(
  card,
  sql({ migrations: new URL('./card/', import.meta.url) }),
  {
    handle: {
      swipe: async ({ tx, input }) => {
        await tx.query(CHARGE, [input.orderId])
      },
      charge: async ({ tx, input }) => {
        await tx.query(CHARGE, [input.orderId])
      },
    },
  },
)

const money = edge(card, { deadline: '2s', ops: { charge: { retry: 3 } } })

/** Retry by hand: the type of the edge refuses it for a command without a key, so this loop exists. */
const TRIES = 3

const PAID = 'insert into paid (order_id) values ($1)'

const tillService = service(till, sql({ migrations: new URL('./till/', import.meta.url) }), {
  uses: [money],
  handle: {
    paySwiping: after(
      async ({ input, call }) => {
        for (let tries = 1; ; tries += 1) {
          // oxlint-disable-next-line no-await-in-loop -- swiped again because the last time failed.
          const { kind } = await call.outcome(money.swipe, input)
          if (kind === 'done') return
          if (tries === TRIES) throw new Error('the card cannot be charged')
        }
      },
      async ({ tx, input }) => {
        await tx.query(PAID, [input.orderId])
      },
    ),
    pay: after(
      async ({ input, call }) => call(money.charge, input),
      async ({ tx, input }) => {
        await tx.query(PAID, [input.orderId])
      },
    ),
  },
})

/** A till that calls as `fetch` does where nobody said more: without a deadline, once. */
export const tillWithoutDeadline: ForeignProgram = () => ({
  fetch: async (request) =>
    fetch('http://card/card/charge', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: await request.text(),
    }),
})

/** The till and the card service. */
export const shopping: System = system('shopping', { services: [tillService, cardService] })

const ORDERS = 20

/** What may be asked in the end. */
const promises = {
  'each order is charged once': async (look: Look) => {
    assert.deepEqual(
      await charges(look),
      Array.from({ length: ORDERS }, () => 1),
    )
  },
  'no order is charged three times': async (look: Look) => {
    assert.ok(Math.max(...(await charges(look))) < 3)
  },
}

/** How often each order that the till calls paid was charged. */
async function charges({ sql: read }: Look): Promise<readonly number[]> {
  const settled = await read('till')`select order_id from paid order by order_id`
  const charged = await read('card')`select order_id from charged`
  return settled.map((row) => charged.filter((each) => each['order_id'] === row['order_id']).length)
}

/** Twenty customers pay, and ask until the till says that they have paid. */
export async function paid(
  how: 'pay' | 'paySwiping',
  options: Pick<SimulateOptions, 'seeds' | 'faults' | 'onlyFaults'> & {
    /** @defaultValue 'each order is charged once' */
    readonly asked?: keyof typeof promises
  },
): Promise<SimulationResult> {
  const { asked = 'each order is charged once', ...given } = options
  return simulate(shopping, {
    ...given,
    load: async (world) =>
      world.many(ORDERS, async (n) => {
        await insist(world, 'till', { path: `/till/${how}`, body: { orderId: `o${n}` } })
      }),
    settled: { [asked]: promises[asked] },
  })
}
