/**
 * Customers order, and insist until they have an answer, in a hostile world.
 *
 * The three services know nothing of Holdfast; this file is all that the simulation needs.
 */
import assert from 'node:assert/strict'
import type { Load, Scenario } from 'holdfast/sim'

const CUSTOMERS = 12
const TRIES_MAX = 100

/** The orders that were acknowledged. Each world begins with none. */
let acknowledged = new Set<string>()

/** The scenario, for these files. */
export function withServices(entries: { readonly orders: URL; readonly payments: URL }): Scenario {
  return {
    services: {
      orders: {
        entry: entries.orders,
        schema: new URL('schema/orders.sql', import.meta.url),
        env: { PAYMENTS_URL: 'http://payments' },
      },
      payments: {
        entry: entries.payments,
        schema: new URL('schema/payments.sql', import.meta.url),
        env: { PROVIDER_URL: 'http://provider' },
      },
      provider: {
        entry: new URL('provider.ts', import.meta.url),
        schema: new URL('schema/provider.sql', import.meta.url),
      },
    },

    load: async (w) => {
      acknowledged = new Set()
      await w.many(CUSTOMERS, (n) => order(w, n))
    },

    always: {
      'a customer who asks twice has one order': async ({ sql }) => {
        const [double] = await sql('orders')`
          select customer || ' has ' || count(*) || ' orders' as told
          from orders group by customer having count(*) > 1`
        assert.ok(double === undefined, String(double?.['told']))
      },
      'no order is charged twice': async ({ sql }) => {
        const [double] = await sql('provider')`
          select order_id || ' has ' || count(*) || ' charges' as told
          from charges group by order_id having count(*) > 1`
        assert.ok(double === undefined, String(double?.['told']))
      },
    },

    eventually: {
      'every acknowledged order is charged': async ({ sql }) => {
        const charges = await sql('provider')`select order_id from charges`
        const charged = new Set(charges.map((row) => row['order_id']))
        const lost = [...acknowledged].find((orderId) => !charged.has(orderId))
        assert.ok(lost === undefined, `${lost} was never charged`)
      },
    },
  }
}

export const scenario: Scenario = withServices({
  orders: new URL('orders.ts', import.meta.url),
  payments: new URL('payments.ts', import.meta.url),
})

/** Insists until there is an answer: with one key, that should be safe. */
async function order(w: Load, n: number): Promise<void> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const orderId = await tryToOrder(w, n)
    if (orderId !== undefined) {
      acknowledged.add(orderId)
      return
    }
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('200ms')
  }
}

async function tryToOrder(w: Load, n: number): Promise<string | undefined> {
  const request = {
    method: 'POST',
    path: '/orders',
    headers: { 'idempotency-key': `customer-${n}` },
    body: { customer: `customer-${n}`, cents: 100 + n },
    deadline: '2s',
  } as const
  const answer = await w.request('orders', request).catch(() => undefined)
  if (answer === undefined || answer.status >= 300) return undefined
  return orderIdIn(answer)
}

/** An answer may arrive spoilt: then there is none. */
function orderIdIn(answer: Awaited<ReturnType<Load['request']>>): string | undefined {
  try {
    return (answer.json() as { orderId: string }).orderId
  } catch {
    return undefined
  }
}
