/**
 * Declarations that must not compile, each with the words that the compiler must say about it.
 *
 * Method: `// @ts-expect-error <the rule>: <words>` stands above each offence. `tsc` fails where
 * nothing is wrong; `illegal.test.ts` looks for the words in the compiler's message, so that a
 * typing error in a case cannot pass for the rule. Nothing here is ever called.
 */
import { type Duration, after, command, edge, event, query, service, sql, when } from 'holdfast'
import { z } from 'zod'
import { orders, payments } from './contracts.ts'

const pay = edge(payments, { deadline: '3s' })
const database = sql({ migrations: new URL('file:///migrations/') })
const Shape = z.object({ id: z.string(), cents: z.int() })

/** Handlers that are right, so that each case below has one fault. */
const place = (): { status: 'pending' } => ({ status: 'pending' })
const get = (): { status: string } => ({ status: 'pending' })

/** What an edge cannot say. */
export function edges(): void {
  // @ts-expect-error no edge without a deadline: deadline
  edge(payments, {})
  // @ts-expect-error a preset that says no deadline does not replace one: deadline
  edge(payments, { preset: 'once' })
  // @ts-expect-error a preset is one of those that there are: "eager"
  edge(payments, { preset: 'eager' })
  // @ts-expect-error a duration has a unit: number
  edge(payments, { deadline: 3 })
  // @ts-expect-error a duration has a unit: "3"
  edge(payments, { deadline: '3' })
  // @ts-expect-error a duration has a known unit: "2 weeks"
  const fortnight: Duration = '2 weeks'
  // @ts-expect-error only a keyed command is repeated: RetryNeedsAKey
  edge(payments, { deadline: '3s', ops: { refund: { retry: 3 } } })
  // @ts-expect-error attempts are bounded: 100
  edge(payments, { deadline: '3s', ops: { release: { retry: 100 } } })
  // @ts-expect-error only a query is sent twice on purpose: HedgeNeedsAQuery
  edge(payments, { deadline: '3s', ops: { authorize: { hedge: '80ms' } } })
  // @ts-expect-error only a query has answers to keep: CacheNeedsAQuery
  edge(payments, { deadline: '3s', ops: { authorize: { cache: { fresh: '1s' } } } })
  // @ts-expect-error a fallback is a valid answer: number
  edge(payments, { deadline: '3s', ops: { authorize: { fallback: { authId: 7 } } } })
  // @ts-expect-error a fallback is a whole answer: authId
  edge(payments, { deadline: '3s', ops: { authorize: { fallback: {} } } })
  // @ts-expect-error a policy is for an operation of the contract: autorize
  edge(payments, { deadline: '3s', ops: { autorize: { retry: 3 } } })
  // @ts-expect-error an event is not called: authorized
  edge(payments, { deadline: '3s', ops: { authorized: { retry: 3 } } })
  void fortnight
}

/** What a contract cannot say. */
export function contracts(): void {
  // @ts-expect-error the key of an event is a string: number
  event({ payload: Shape, key: (payload) => payload.cents })
  // @ts-expect-error the key of a command is a string: 'key'
  command({ input: Shape, key: (input) => input.cents })
  // @ts-expect-error a key is made of the input: nothere
  event({ payload: Shape, key: (payload) => payload.nothere })
  // @ts-expect-error freshness is a duration with its unit: "5"
  query({ input: Shape, output: Shape, freshness: '5' })
  // @ts-expect-error a route has a method: "/orders"
  command({ input: Shape, http: { route: '/orders' } })
}

/** What a service cannot leave out or add. */
export function services(): void {
  // @ts-expect-error every operation has a handler: get
  service(orders, database, { handle: { place } })
  // @ts-expect-error a handler is for an operation of the contract: cancel
  service(orders, database, { handle: { place, get, cancel: place } })
  // @ts-expect-error a handler answers what the contract says: "paid"
  service(orders, database, { handle: { get, place: async () => ({ status: 'paid' }) } })
  // @ts-expect-error a handler answers at all: void
  service(orders, database, { handle: { place, get: async () => {} } })
  // @ts-expect-error a service uses edges, not contracts: ~edge
  service(orders, database, { handle: { place, get }, uses: [payments] })
}

/** What a command's transaction cannot do. */
export function commands(): void {
  service(orders, database, {
    handle: {
      get,
      place: async (context) => {
        // @ts-expect-error no network inside a transaction: call
        await context.call(pay.balance, { account: 'a' })
        // @ts-expect-error only declared events are emitted: shipped
        context.emit.shipped({})
        // @ts-expect-error an event carries its payload: cents
        context.emit.placed({ orderId: 'o-1' })
        // @ts-expect-error only declared refusals are made: sold
        context.refuse.sold({})
        // @ts-expect-error a refusal carries its data: limitCents
        return context.refuse.tooMuch({})
      },
    },
  })
}

/** What a query cannot do. */
export function queries(): void {
  service(orders, database, {
    handle: {
      place,
      get: async (context) => {
        // @ts-expect-error a query emits nothing: emit
        context.emit.placed({ orderId: 'o-1', cents: 1 })
        // @ts-expect-error a query has no transaction that writes: tx
        await context.tx.query('delete from orders')
        // @ts-expect-error this query refuses nothing: tooMuch
        context.refuse.tooMuch({ limitCents: 1 })
        return { status: 'pending' }
      },
    },
  })
}

/** What the part before the transaction cannot do. */
export function asking(): void {
  service(orders, database, {
    handle: {
      get,
      place: after(
        async (context) => {
          // @ts-expect-error there is no transaction while asking: tx
          await context.tx.query('select 1')
          // @ts-expect-error nothing is emitted while asking: emit
          context.emit.placed(context.input)
          // @ts-expect-error a call takes the input of its operation: account
          await context.call(pay.balance, { name: 'a' })
          // @ts-expect-error only an operation of an edge is called: EdgeOperation
          await context.call(payments.balance, { account: 'a' })
          // @ts-expect-error an event is not called: authorized
          return context.call(pay.authorized, { id: 'a' })
        },
        async () => ({ status: 'pending' as const }),
      ),
    },
  })
}

/** What a subscription cannot do. */
export function subscriptions(): void {
  // @ts-expect-error only an event is subscribed to: authorize
  when(payments.authorize, async () => {})
  service(orders, database, {
    handle: { place, get },
    when: [
      when(payments.authorized, async (context) => {
        // @ts-expect-error an event has the payload of its contract: cents
        const cents: unknown = context.event.cents
        // @ts-expect-error an event is a fact and is not refused: refuse
        context.refuse.declined({ reason: String(cents) })
        // @ts-expect-error no network inside a transaction: call
        await context.call(pay.balance, { account: 'a' })
        // @ts-expect-error a service emits only its own events: authorized
        context.emit.authorized({ id: 'a' })
      }),
    ],
  })
}
