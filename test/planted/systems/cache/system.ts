/**
 * A shop that keeps prices for a second, as its edge declares.
 */
import { after, command, contract, edge, query, service, sql, system } from 'holdfast'
import { z } from 'zod'

const Price = z.object({ cents: z.int() })

export const prices = contract('prices', {
  set: command({ input: Price, key: ({ cents }) => `${cents}` }),
  get: query({ input: z.object({}), output: Price }),
})

export const shop = contract('shop', {
  price: query({ input: z.object({}), output: z.object({ cents: z.int(), isOld: z.boolean() }) }),
})

const database = sql({ migrations: new URL('./migrations/', import.meta.url) })

const pricesService = service(prices, database, {
  handle: {
    set: async ({ tx, input }) => {
      await tx.query('update price set cents = greatest(cents, $1)', [input.cents])
    },
    get: async ({ db }) => {
      const { rows } = await db.query<{ cents: number }>('select cents from price')
      return { cents: rows[0]?.cents ?? 0 }
    },
  },
})

const toPrices = edge(prices, {
  deadline: '1s',
  ops: { get: { cache: { fresh: '1s', staleWhileRevalidate: '1s' } } },
})

const shopService = service(shop, database, {
  uses: [toPrices],
  handle: {
    price: after(
      async ({ call }) => call.outcome(toPrices.get, {}),
      ({ asked }) => {
        if (asked.kind === 'done') return { cents: asked.value.cents, isOld: asked.degraded }
        throw new Error('nobody knows the price')
      },
    ),
  },
})

export const pricing = system('pricing', { services: [pricesService, shopService] })
