/**
 * A site with two pages: `count` asks the stock, `about` asks nobody but the site's own database.
 *
 * By hand both take one of ten database sessions from a pool when they begin and give it back when they
 * end, as the middleware of many frameworks does. Declared, a handler asks first and has a session only
 * for its transaction.
 */
import { after, contract, edge, foreign, query, service, sql, system, type System } from 'holdfast'
import type { ForeignProgram } from 'holdfast/sim'
import { z } from 'zod'
import { stock } from './layers.ts'

const Sku = z.object({ sku: z.string() })
const Page = z.object({ count: z.int() })

/** What the site promises. */
export const site = contract('site', {
  count: query({ input: Sku, output: Page }),
  about: query({ input: Sku, output: Page }),
})

/** Sessions of the pool, by hand. */
const SESSIONS = 10

/** How long a statement takes. */
const STATEMENT_MS = 2

/** The site by hand, as a program. */
export const siteByHand: ForeignProgram = () => {
  const waiting: (() => void)[] = []
  let free = SESSIONS
  const acquire = async (): Promise<void> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free -= 1
  }
  const release = (): void => {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
  return {
    fetch: async (request) => {
      const body = await request.text()
      await acquire()
      try {
        await sleep(STATEMENT_MS)
        if (new URL(request.url).pathname === '/site/about') return Response.json({ count: 0 })
        return await fetch('http://stock/stock/count', { method: 'POST', body })
      } finally {
        release()
      }
    },
  }
}

const sleep = async (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** The world in which the site is written by hand. */
export const byHand: System = system('browsing', {
  services: [],
  foreign: [foreign(site), foreign(stock)],
})

const asking = edge(stock, { deadline: '1s', concurrency: 10 })

const siteService = service(site, sql({ migrations: new URL('./layer/', import.meta.url) }), {
  uses: [asking],
  handle: {
    count: after(
      async ({ input, call }) => call(asking.count, input),
      ({ asked }) => ({ count: asked.count }),
    ),
    about: async ({ db }) => {
      await db.query('select 1')
      return { count: 0 }
    },
  },
})

/** The world in which it is declared. */
export const declared: System = system('browsing', {
  services: [siteService],
  foreign: [foreign(stock)],
})
