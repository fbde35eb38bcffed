/**
 * A3: everything waits for one coordinator.
 *
 * Goal: when the one in the middle stops, the others go on. Method: three shops sell at the price of a
 * list that stops answering. Once each shop asks the list for each sale; once each keeps a copy of the
 * prices, fed by the events of the list.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPgliteMemory } from '#adapters'
import { mapOf } from '#map'
import {
  after,
  command,
  contract,
  edge,
  event,
  query,
  service,
  type Service,
  sql,
  system,
  type System,
  when,
} from 'holdfast'
import { simulateEach } from '#sim'
import { z } from 'zod'

const Price = z.object({ sku: z.string(), cents: z.int() })
const Sku = z.object({ sku: z.string() })
const Cents = z.object({ cents: z.int() })

const list = contract('list', {
  set: command({ input: Price, key: ({ sku }) => sku }),
  price: query({ input: Sku, output: Cents }),
  priced: event({ payload: Price, key: ({ sku }) => sku }),
})

const SHOPS = ['north', 'south', 'east'] as const

const tablesOf = (name: string) =>
  sql({ migrations: new URL(`./support/pricing/${name}/`, import.meta.url) })

const KEEP = `insert into price values ($1, $2) on conflict (sku) do update set cents = $2`

/** One world at a time: while this is true, the list answers nobody. */
let isStopped = false

const listService = service(list, tablesOf('list'), {
  handle: {
    set: async ({ tx, input, emit }) => {
      await tx.query(KEEP, [input.sku, input.cents])
      emit.priced(input)
    },
    price: async ({ db, input }) => {
      if (isStopped) throw new Error('the list has stopped')
      return only((await db.query<Kept>(READ, [input.sku])).rows)
    },
  },
})

type Kept = z.infer<typeof Cents>

const READ = 'select cents from price where sku = $1'

function only(rows: readonly Kept[]): Kept {
  const [found] = rows
  if (found === undefined) throw new Error('no price is known')
  return found
}

function contractOf(name: string) {
  return contract(name, { sell: query({ input: Sku, output: Cents }) })
}

/** Asks the list for each sale. */
function asking(name: string): Service {
  const prices = edge(list, { deadline: '1s' })
  return service(contractOf(name), tablesOf(name), {
    uses: [prices],
    handle: {
      sell: after(
        async ({ input, call }) => call(prices.price, input),
        ({ asked }) => asked,
      ),
    },
  })
}

/** Keeps what the list told. */
function keeping(name: string): Service {
  return service(contractOf(name), tablesOf(name), {
    handle: {
      sell: async ({ db, input }) => only((await db.query<Kept>(READ, [input.sku])).rows),
    },
    when: [
      when(list.priced, async ({ tx, event: { sku, cents } }) => {
        await tx.query(KEEP, [sku, cents])
      }),
    ],
  })
}

function market(shop: (name: string) => Service): System {
  return system('market', { services: [listService, ...SHOPS.map(shop)] })
}

/** How many of the shops sell, before the list stops and after. */
async function sales(shop: (name: string) => Service): Promise<readonly [number, number]> {
  const sold: [number, number] = [0, 0]
  isStopped = false
  const results = await simulateEach(market(shop), {
    postgres: openPgliteMemory,
    seeds: 1,
    faults: [],
    load: async (world) => {
      await world.client(list).set({ sku: 'plum', cents: 30 })
      await world.sleep('5s')
      for (const index of [0, 1] as const) {
        isStopped = index === 1
        for (const name of SHOPS) {
          // oxlint-disable-next-line no-await-in-loop -- one customer after the other.
          const outcome = await world.client(contractOf(name)).sell.outcome({ sku: 'plum' })
          if (outcome.kind === 'done' && outcome.value.cents === 30) sold[index] += 1
        }
      }
    },
  })
  assert.deepEqual(
    results.flatMap(({ violations }) => violations),
    [],
  )
  return sold
}

function central(shop: (name: string) => Service): readonly string[] {
  const { findings } = mapOf(market(shop))
  return findings.filter(({ code }) => code === 'central-point').map(({ at }) => at)
}

test('where each sale asks the list, nobody sells once it has stopped', async () => {
  assert.deepEqual(await sales(asking), [3, 0])
})

test('the map names the one in the middle before it stops', () => {
  assert.deepEqual(central(asking), ['list', 'db(list)'])
})

test('where each shop keeps a copy fed by events, all sell on, and nothing is in the middle', async () => {
  assert.deepEqual(await sales(keeping), [3, 3])
  assert.deepEqual(central(keeping), [])
})
