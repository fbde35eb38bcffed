/**
 * The payment provider: a foreign program, as real ones are. Slow, flaky, and it charges cards.
 *
 * It honours `Idempotency-Key`: the same key is the same charge, however often it is asked. Without a
 * key every request charges again. `GET /charges` shows its books to anybody, so that a card that was
 * charged twice can be seen.
 *
 * Invariants:
 *   P1. A charge is in the books before it is answered, so a crash forgets no charge that anybody saw.
 *   P2. One key has at most one charge; the same key with another amount is refused.
 *   P3. A request that fails with 500 charged nothing; a request without an answer may have.
 *
 * It imports nothing of Holdfast. The same function runs behind node:http (main.ts) and in the
 * simulation, where the clock and the randomness that it uses are those of the seed.
 */

import type { Books, Charge } from './books.ts'

/** How the provider behaves on this day. Shares are between 0 and 1. */
export interface Mood {
  readonly slowMsMin: number
  readonly slowMsMax: number
  /** Share of requests that fail with 500 before anything was done. */
  readonly failureShare: number
  /** Share of requests whose answer is lost after everything was done. */
  readonly lossShare: number
  /** Charges over this amount are declined. */
  readonly centsMax: number
}

/** An ordinary day. */
export const ordinary: Mood = {
  slowMsMin: 50,
  slowMsMax: 300,
  failureShare: 0.05,
  lossShare: 0.05,
  centsMax: 50_000,
}

/** Stands for an answer that never reaches the caller; whoever carries answers must drop it. */
export const LOST = 'lost'

/** The provider as a fetch handler over its books. */
export function provider(
  books: Books,
  mood: Mood = ordinary,
): (request: Request) => Promise<Response | typeof LOST> {
  return async (request) => {
    const route = `${request.method} ${new URL(request.url).pathname}`
    if (route === 'GET /charges') return Response.json({ charges: books.list() })
    if (route !== 'POST /charges') return problem(404, { title: 'no such route' })

    const wanted = amountIn(await request.text())
    if (wanted === undefined) {
      return problem(400, { title: 'send {"orderId":"…","cents":1}' })
    }
    await pause(mood.slowMsMin + Math.random() * (mood.slowMsMax - mood.slowMsMin))
    const key = keyOf(request) ?? crypto.randomUUID()
    const fate = Math.random()
    if (fate < mood.failureShare) {
      books.write({ key })
      return problem(500, { title: 'something went wrong, and nothing was charged' })
    }
    const answer = act(books, key, wanted, mood.centsMax)
    return fate < mood.failureShare + mood.lossShare ? LOST : answer
  }
}

interface Amount {
  readonly orderId: string
  readonly cents: number
}

/** From the look into the books to the line in them nothing waits, so two requests cannot both charge. */
function act(books: Books, key: string, wanted: Amount, centsMax: number): Response {
  const before = books.find(key)
  const made = before ?? decide(wanted, centsMax)
  books.write(before === undefined ? { key, charge: made } : { key })
  if (made.orderId !== wanted.orderId || made.cents !== wanted.cents) {
    return problem(409, { title: 'the key belongs to another charge' })
  }
  if (made.status === 'charged') return Response.json({ chargeId: made.chargeId })
  const reason = `${made.cents} cents are over the limit of ${centsMax}`
  return problem(402, { title: 'declined', refusal: 'declined', data: { reason } })
}

function decide({ orderId, cents }: Amount, centsMax: number): Charge {
  const status = cents > centsMax ? 'declined' : 'charged'
  return { chargeId: `ch_${crypto.randomUUID()}`, orderId, cents, status }
}

/** The header is a quoted string by its draft standard and a bare one by habit. */
function keyOf(request: Request): string | undefined {
  const header = request.headers.get('idempotency-key')?.replaceAll(/^"|"$/g, '')
  return header === '' ? undefined : header
}

function amountIn(body: string): Amount | undefined {
  const { orderId, cents } = parsed(body)
  if (typeof orderId !== 'string' || typeof cents !== 'number') return undefined
  return Number.isSafeInteger(cents) && cents > 0 ? { orderId, cents } : undefined
}

function parsed(body: string): { readonly orderId?: unknown; readonly cents?: unknown } {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // What is not JSON has no amount in it; the caller is told so by the 400.
    return {}
  }
}

function problem(status: number, facts: Readonly<Record<string, unknown>>): Response {
  return new Response(JSON.stringify({ status, ...facts }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

async function pause(delayMs: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, delayMs)
  })
}
