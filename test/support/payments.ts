/**
 * A small provider for the tests of the call edge: one operation of each kind that differs on an edge.
 */
import { z } from 'zod'
import {
  after,
  command,
  contract,
  edge,
  query,
  service,
  sql,
  system,
  type Service,
  type System,
} from '#model'

const Charge = z.object({ orderId: z.string(), cents: z.number().int() })

/** What payments promises. */
export const payments = contract('payments', {
  authorize: command({
    input: Charge,
    output: z.object({ authId: z.string() }),
    refuses: { declined: z.object({ reason: z.string() }) },
    key: ({ orderId }) => orderId,
    http: { route: 'PUT /authorizations/:orderId', status: 201 },
  }),
  pay: command({ input: Charge, output: z.object({ count: z.number() }), key: 'from-caller' }),
  ping: command({ input: z.object({}), output: z.object({ count: z.number() }) }),
  balance: query({
    input: z.object({ account: z.string() }),
    output: z.object({ cents: z.number().int() }),
    http: { route: 'GET /accounts/:account' },
  }),
})

/** How its consumers use it. */
export const pay = edge(payments, { deadline: '1s' })

const audits = contract('audits', {
  check: query({ input: z.object({ orderId: z.string() }), output: z.object({ ok: z.boolean() }) }),
  note: command({ input: z.object({ orderId: z.string() }), key: ({ orderId }) => orderId }),
})

/** The edge over which payments asks audits. */
export const audit = edge(audits, { deadline: '1s', ops: { check: { retry: 1 } } })

/** What the handlers of one payments service are made of, so that a test can break one of them. */
export interface Behaviour {
  /** Runs in `authorize` after its row was written, before it answers. */
  readonly authorized?: () => Promise<void>
  /** What `ping` answers. */
  readonly pong?: () => unknown
  /** Runs in the `ask` of `pay`. */
  readonly beforePay?: (
    call: Parameters<Parameters<typeof after>[0]>[0]['call'],
  ) => Promise<unknown>
}

/** The tables of payments. */
export const paymentsTables = `
create table charge (n serial primary key, order_id text not null, cents int not null check (cents < 1000000));
create table ping (n serial primary key);`

/** Forgets everything that happened. */
export const paymentsEmptied = 'truncate charge, ping, hf.inbox restart identity'

/** Payments, on SQL. Charges over 100,000 cents are declined after their row was written. */
export function paymentsService(behaviour: Behaviour = {}): Service {
  const { authorized, pong, beforePay } = behaviour
  return service(payments, sql({ migrations: new URL('file:///nowhere/') }), {
    uses: [audit],
    handle: {
      authorize: async ({ tx, input, refuse }) => {
        const { rows } = await tx.query<{ n: number }>(
          'insert into charge (order_id, cents) values ($1, $2) returning n',
          [input.orderId, input.cents],
        )
        await authorized?.()
        if (input.cents > 100_000) return refuse.declined({ reason: 'over the limit' })
        return { authId: `a${rows[0]?.n}` }
      },
      pay: after(
        async ({ call }) => beforePay?.(call),
        async ({ tx, input }) => {
          await tx.query('insert into charge (order_id, cents) values ($1, $2)', [
            input.orderId,
            input.cents,
          ])
          return count(await tx.query<{ count: number }>('select count(*)::int from charge'))
        },
      ),
      ping: async ({ tx }) => {
        await tx.query('insert into ping default values')
        // A handler that breaks its contract is what some tests are about.
        if (pong !== undefined) return pong() as { count: number }
        return count(await tx.query<{ count: number }>('select count(*)::int from ping'))
      },
      balance: async ({ db, input }) => {
        const { rows } = await db.query<{ cents: number }>(
          'select coalesce(sum(cents), 0)::int as cents from charge where order_id = $1',
          [input.account],
        )
        return { cents: rows[0]?.cents ?? 0 }
      },
    },
  })
}

function count({ rows }: { readonly rows: readonly { count: number }[] }): { count: number } {
  return { count: rows[0]?.count ?? 0 }
}

/** A system in which payments is alone with the audits that it asks. */
export function paymentsSystem(provider: Service): System {
  const auditor = service(audits, sql({ migrations: new URL('file:///nowhere/') }), {
    handle: { check: () => ({ ok: true }), note: () => undefined },
  })
  return system('shop', { services: [provider, auditor] })
}
