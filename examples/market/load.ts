/**
 * Customers: a bounded stream of orders over HTTP, each placed until it is acknowledged.
 *
 * A customer who gets no answer asks again with the same key, which is safe. Every fifth one asks once
 * more after the acknowledgement, as impatient people do, and must hear of the same order.
 *
 * Invariants:
 *   L1. At most `ordersPerSecond` orders begin in a second, and at most 50 are under way.
 *   L2. One order has one key for all its tries; after 100 tries it is given up.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { type Basket, basket, staples } from './basket.ts'

/** An order that the market promised to see to. */
export interface Acknowledged {
  readonly key: string
  readonly orderId: string
}

export interface LoadOptions {
  /** The public origin, `http://localhost:4000`. */
  readonly origin: string
  readonly ordersPerSecond: number
  readonly ordersMax: number
  /** Stops the customers; orders under way are given up. */
  readonly signal: AbortSignal
  /** Hears of each acknowledged order, once. */
  readonly onAcknowledged?: (order: Acknowledged) => void
}

/** What became of the orders. `contradicted` must stay empty: one key, two orders. */
export interface LoadReport {
  readonly begun: number
  readonly acknowledged: number
  /** Tries in all; more than `begun` if any had to be repeated. */
  readonly tries: number
  readonly contradicted: readonly string[]
}

const Placed = z.object({ orderId: z.uuid() })

const UNDER_WAY_MAX = 50
const TRIES_MAX = 100
const TRY_MS_MAX = 5_000
/** The shelves are filled again after so many orders. */
const ORDERS_PER_DELIVERY = 500

/** Places orders until `ordersMax` were begun or the signal aborts. Never rejects. */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const { ordersPerSecond, ordersMax, signal } = options
  const shift = new Shift(options)
  const underWay = new Set<Promise<void>>()
  let begun = 0
  for (; begun < ordersMax && !signal.aborted; begun += 1) {
    if (underWay.size >= UNDER_WAY_MAX) await Promise.race(underWay)
    const customer = shift.serve(begun).finally(() => underWay.delete(customer))
    underWay.add(customer)
    await pause(1_000 / ordersPerSecond, undefined, { signal }).catch(() => undefined)
  }
  await Promise.all(underWay)
  return { begun, ...shift.report() }
}

/** One run of `load`: its customers, their keys, and what they saw. */
class Shift {
  readonly #options: LoadOptions
  readonly #name = crypto.randomUUID().slice(0, 8)
  readonly #contradicted: string[] = []
  #acknowledged = 0
  #tries = 0

  constructor(options: LoadOptions) {
    this.#options = options
  }

  report(): Omit<LoadReport, 'begun'> {
    const contradicted = this.#contradicted
    return { acknowledged: this.#acknowledged, tries: this.#tries, contradicted }
  }

  async serve(n: number): Promise<void> {
    if (n % ORDERS_PER_DELIVERY === ORDERS_PER_DELIVERY - 1) await this.#restock(n)
    const key = `${this.#name}-${n}`
    const orderId = await this.#place(key, basket(n))
    if (orderId === undefined) return
    this.#acknowledged += 1
    this.#options.onAcknowledged?.({ key, orderId })
    if (n % 5 !== 0) return
    const again = await this.#place(key, basket(n))
    if (again !== undefined && again !== orderId) {
      this.#contradicted.push(`the key ${key} was answered with ${orderId} and with ${again}`)
    }
  }

  async #place(key: string, wanted: Basket): Promise<string | undefined> {
    const answer = await this.#insist('/orders', key, wanted)
    return Placed.safeParse(answer).data?.orderId
  }

  async #restock(n: number): Promise<void> {
    for (const sku of staples) {
      const key = `${this.#name}-${n}-${sku}`
      await this.#insist(`/stock/${sku}/restock`, key, { quantity: 2 * ORDERS_PER_DELIVERY })
    }
  }

  /** Asks with one key until there is an answer, a definite no, or no patience left. */
  async #insist(path: string, key: string, body: object): Promise<unknown> {
    const { signal } = this.#options
    for (let tries = 1; tries <= TRIES_MAX && !signal.aborted; tries += 1) {
      this.#tries += 1
      const response = await this.#post(path, key, body)
      if (response?.ok === true) return response.answer
      if (response?.isFinal === true) return undefined
      const delayMs = Math.random() * Math.min(2_000, 100 * 2 ** tries)
      await pause(delayMs, undefined, { signal }).catch(() => undefined)
    }
    return undefined
  }

  /** One try. `undefined`: no answer, so nobody knows. */
  async #post(path: string, key: string, body: object): Promise<Tried | undefined> {
    const { origin, signal } = this.#options
    try {
      const response = await fetch(new URL(path, origin), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS_MAX)]),
      })
      const { ok, status } = response
      const isFinal = status >= 400 && status < 500 && status !== 409 && status !== 429
      return { ok, isFinal, answer: await response.json() }
    } catch {
      // Refused, reset, cut off or too slow: to a customer it is all the same, and the key makes it safe.
      return undefined
    }
  }
}

interface Tried {
  readonly ok: boolean
  /** A no that another try will not change. */
  readonly isFinal: boolean
  readonly answer: unknown
}
