/**
 * Prices, which asks a foreign list of prices and keeps what it hears: with `fetch`, or over an edge.
 *
 * The foreign list is a program of the test, so that it can answer whatever real programs answer.
 */
import assert from 'node:assert/strict'
import {
  after,
  command,
  contract,
  edge,
  foreign,
  type Outcome,
  query,
  service,
  sql,
  system,
  type System,
} from 'holdfast'
import { simulate } from 'holdfast/sim'
import { z } from 'zod'

const Sku = z.object({ sku: z.string() })

const list = contract('list', {
  price: query({ input: Sku, output: z.object({ cents: z.int().positive() }) }),
})

const prices = contract('prices', {
  learnByHand: command({ input: Sku, key: ({ sku }) => sku }),
  learn: command({ input: Sku, key: ({ sku }) => sku }),
})

/** Without a breaker: it would soon ask no more, and the tests want to see each answer arrive. */
const asking = edge(list, { deadline: '2s', ops: { price: { breaker: false } } })

const KEEP = 'insert into price (sku, cents) values ($1, $2)'

const pricesService = service(prices, sql({ migrations: new URL('./prices/', import.meta.url) }), {
  uses: [asking],
  handle: {
    learnByHand: after(
      async ({ input }) => priceByHand(input.sku),
      async ({ tx, input, asked }) => {
        await tx.query(KEEP, [input.sku, asked])
      },
    ),
    learn: after(
      async ({ input, call }) => (await call(asking.price, input)).cents,
      async ({ tx, input, asked }) => {
        await tx.query(KEEP, [input.sku, asked])
      },
    ),
  },
})

/** Reads the answer as it hopes that it is. */
async function priceByHand(sku: string): Promise<number> {
  const response = await fetch('http://list/list/price', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sku }),
    signal: AbortSignal.timeout(2_000),
  })
  // What it hopes for is all that it knows of the answer.
  const { cents } = (await response.json()) as { readonly cents: number }
  return Math.round(cents)
}

const learning: System = system('learning', { services: [pricesService], foreign: [foreign(list)] })

/** An answer of the list: its status, and its body as it stands on the wire. */
export type Answer = readonly [status: number, body: string]

/** What came of a day on which the list gave these answers. */
export interface Learned {
  /** The prices that stand in the table, by the number of their answer. */
  readonly kept: Readonly<Record<string, string>>
  /** What a caller over an edge hears of each answer. */
  readonly heard: readonly string[]
}

/** Learns one price for each answer of the list. */
export async function learned(
  how: 'learn' | 'learnByHand',
  answers: readonly Answer[],
): Promise<Learned> {
  const kept: Record<string, string> = {}
  const heard: string[] = []
  const { violations } = await simulate(learning, {
    seeds: 1,
    faults: [],
    foreign: { list: () => ({ fetch: async (request) => answerTo(request, answers) }) },
    load: async (world) => {
      await world.many(answers.length, async (n) => {
        await world.client(prices)[how].outcome({ sku: String(n) })
      })
      for (const sku of answers.keys()) {
        // oxlint-disable-next-line no-await-in-loop -- in the order of the answers.
        heard.push(hearing(await world.client(list).price.outcome({ sku: String(sku) })))
      }
    },
    settled: {
      'the table can be read': async ({ sql: read }) => {
        const rows = await read('prices')`select sku, cents::text from price order by sku::int`
        for (const row of rows) kept[String(row['sku'])] = String(row['cents'])
      },
    },
  })
  assert.deepEqual(violations, [])
  return { kept, heard }
}

async function answerTo(request: Request, answers: readonly Answer[]): Promise<Response> {
  const { sku } = Sku.parse(await request.json())
  const [status, body] = answers[Number(sku)] ?? [404, '']
  return new Response(body, { status, headers: { 'content-type': 'application/json' } })
}

function hearing(outcome: Outcome<typeof list.price>): string {
  return 'error' in outcome ? `${outcome.kind} ${outcome.error.code}` : outcome.kind
}
