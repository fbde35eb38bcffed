/**
 * Layers of services that each ask the next one how much there is; the last asks a stock that is not
 * ours, and which the test plays.
 *
 * By hand a layer asks with `fetch`, a time limit and three tries, as most of us have written it. Over
 * an edge it asks as the edge declares.
 */
import {
  after,
  contract,
  edge,
  foreign,
  query,
  service,
  type Service,
  sql,
  system,
  type System,
} from 'holdfast'
import { z } from 'zod'

const Sku = z.object({ sku: z.string() })
const Count = z.object({ count: z.int(), isGuess: z.boolean().optional() })

const asksFor = (name: string) => contract(name, { count: query({ input: Sku, output: Count }) })

/** What a layer, and the stock itself, promises. */
export type Counting = ReturnType<typeof asksFor>

/** The stock, which is not ours. */
export const stock: Counting = asksFor('stock')

/** The layer that customers ask. */
export const page: Counting = asksFor('page')

/** How a layer asks the next one. */
export type Asking = 'by hand' | Parameters<typeof edge<Counting>>[1]

const tables = sql({ migrations: new URL('./layer/', import.meta.url) })

/** A chain of so many layers, the page first. */
export function layers(count: 1 | 2 | 3, asking: Asking): System {
  const contracts = [page, asksFor('shelves'), asksFor('depot')].slice(0, count)
  const services = contracts.map((each, index) =>
    layer(each, contracts[index + 1] ?? stock, asking),
  )
  return system('asking', { services, foreign: [foreign(stock)] })
}

function layer(own: Counting, next: Counting, asking: Asking): Service {
  if (asking === 'by hand')
    return service(own, tables, {
      handle: {
        count: after(
          async ({ input }) => askByHand(next['~contract'].name, input),
          ({ asked }) => asked,
        ),
      },
    })
  const arrow = edge(next, asking)
  return service(own, tables, {
    uses: [arrow],
    handle: {
      count: after(
        async ({ input, call }) => call(arrow.count, input),
        ({ asked }) => asked,
      ),
    },
  })
}

/** Tries of a layer that asks by hand. */
export const TRIES = 3

/** How long it waits for one answer. */
const PATIENCE_MS = 500

async function askByHand(name: string, input: z.infer<typeof Sku>): Promise<z.infer<typeof Count>> {
  for (let tries = 1; ; tries += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- asked again because the last time failed.
      return await askOnce(name, input)
    } catch (error) {
      if (tries === TRIES) throw error
    }
  }
}

async function askOnce(name: string, input: z.infer<typeof Sku>): Promise<z.infer<typeof Count>> {
  const response = await fetch(`http://${name}/${name}/count`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  if (!response.ok) throw new Error(`${name} answered ${response.status}`)
  return Count.parse(await response.json())
}

/** How long the page that keeps answers by hand keeps one. */
const KEPT_MS = 1_000

/** A page that keeps what it heard in a map, and asks again when that is old. */
export function keeping(): System {
  const kept = new Map<
    string,
    { readonly found: z.infer<typeof Count>; readonly untilMs: number }
  >()
  const own = service(page, tables, {
    handle: {
      count: after(
        async ({ input }) => {
          const known = kept.get(input.sku)
          if (known !== undefined && performance.now() < known.untilMs) return known.found
          const found = await askOnce('stock', input)
          kept.set(input.sku, { found, untilMs: performance.now() + KEPT_MS })
          return found
        },
        ({ asked }) => asked,
      ),
    },
  })
  return system('asking', { services: [own], foreign: [foreign(stock)] })
}

/** A page that tells whether it was told, or had to fall back. */
export function telling(): System {
  const arrow = edge(stock, { deadline: '1s', ops: { count: { fallback: { count: 0 } } } })
  const own = service(page, tables, {
    uses: [arrow],
    handle: {
      count: after(
        async ({ input, call }) => {
          const outcome = await call.outcome(arrow.count, input)
          if (outcome.kind !== 'done') throw new Error(`the stock was ${outcome.kind}`)
          return { ...outcome.value, isGuess: outcome.degraded }
        },
        ({ asked }) => asked,
      ),
    },
  })
  return system('asking', { services: [own], foreign: [foreign(stock)] })
}

/** A page that lets each caller ask so often. */
export function limited(quota: { readonly perSecond: number } | undefined): System {
  const arrow = edge(stock, {
    deadline: '2s',
    concurrency: 10_000,
    ops: { count: { retry: 1, breaker: false } },
  })
  const own = service(page, tables, {
    uses: [arrow],
    ...(quota === undefined ? {} : { quota }),
    handle: {
      count: after(
        async ({ input, call }) => call(arrow.count, input),
        ({ asked }) => asked,
      ),
    },
  })
  return system('asking', { services: [own], foreign: [foreign(stock)] })
}
