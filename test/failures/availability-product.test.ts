/**
 * F6: five services in a row at 99.9 % are not 99.9 %.
 *
 * Goal: the product is known before it is met, and what is off the path is not in it. Method: five
 * services that are each up 99.9 % of the time. Every combination of which of them are down is asked
 * once, and weighed with how often it comes: the sum of those that were answered is the availability.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPgliteMemory } from '#adapters'
import { mapOf } from '#map'
import {
  after,
  contract,
  edge,
  query,
  service,
  type Service,
  sql,
  system,
  type System,
} from 'holdfast'
import { simulateEach } from '#sim'
import { z } from 'zod'

const UP = 0.999
const SERVICES = 5

/** Who is down: a bit for each service. */
const Down = z.object({ down: z.coerce.number() })

function contractOf(index: number) {
  const http = { route: `GET /s${index}` } as const
  return contract(`s${index}`, { ask: query({ input: Down, output: z.object({}), http }) })
}

const tables = sql({ migrations: new URL('./support/layer/', import.meta.url) })

/** A row of services, each of which needs the next; or can do without, by a declared answer. */
function row(hasFallback: boolean): System {
  const contracts = Array.from({ length: SERVICES }, (_, index) => contractOf(index))
  const services = contracts.map((own, index): Service => {
    const next = contracts[index + 1]
    const softened = hasFallback ? { fallback: {} } : {}
    const ops = { ask: { breaker: false, ...softened } }
    const uses = next === undefined ? [] : [edge(next, { deadline: '1s', ops })]
    return service(own, tables, {
      uses,
      handle: {
        ask: after(
          async ({ input, call }) => {
            if ((input.down & (1 << index)) !== 0) throw new Error('this service is down')
            const [below] = uses
            if (below !== undefined) await call(below.ask, input)
          },
          () => ({}),
        ),
      },
    })
  })
  return system('row', { services })
}

/** The share of time in which the first service answers. */
async function measured(asked: System): Promise<number> {
  let answered = 0
  const results = await simulateEach(asked, {
    postgres: openPgliteMemory,
    seeds: 1,
    faults: [],
    load: async (world) => {
      for (let down = 0; down < 2 ** SERVICES; down += 1) {
        // oxlint-disable-next-line no-await-in-loop -- each meets the same, idle system.
        const { status } = await world.request('s0', { path: `/s0?down=${down}` })
        if (status === 200) answered += weightOf(down)
      }
    },
  })
  assert.deepEqual(
    results.flatMap(({ violations }) => violations),
    [],
  )
  return answered
}

/** How often exactly these are down. */
function weightOf(down: number): number {
  const count = down.toString(2).replaceAll('0', '').length
  return UP ** (SERVICES - count) * (1 - UP) ** count
}

function drawn(asked: System): number | undefined {
  const stores = Object.fromEntries(mapOf(asked).graph.stores.map(({ name }) => [name, 1]))
  const map = mapOf(asked, { availability: stores, availabilityDefault: UP })
  return map.paths.find(({ name }) => name === 's0.ask')?.availability.withFallbacks.low
}

function rounded(share: number | undefined): string {
  return (share ?? 0).toFixed(9)
}

test('five services in a row, each up 99.9 % of the time, are up 99.501 %', async () => {
  assert.equal(rounded(await measured(row(false))), rounded(UP ** SERVICES))
})

test('the map says so before anybody waits for it', () => {
  assert.equal(rounded(drawn(row(false))), '0.995009990')
})

test('where each can do without the next, the first is up 99.9 %, and the map says that, too', async () => {
  assert.equal(rounded(await measured(row(true))), rounded(UP))
  assert.equal(rounded(drawn(row(true))), rounded(UP))
})
