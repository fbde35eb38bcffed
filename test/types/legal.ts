/**
 * Declarations that must compile: everything that the model's types can say, said once.
 *
 * `tsc` is the test. The counterpart is `illegal.ts`; both stand on the contracts in `contracts.ts`.
 */
import {
  type Contract,
  type Duration,
  type Outcome,
  type Service,
  after,
  edge,
  foreign,
  service,
  sql,
  system,
  when,
} from 'holdfast'
import { kysely } from 'holdfast/kysely'
import { orders, payments } from './contracts.ts'

interface Tables {
  readonly orders: { readonly id: string; readonly cents: number; readonly status: string }
}

const migrations = new URL('file:///migrations/')

const pay = edge(payments, {
  deadline: '3s',
  ops: {
    authorize: { retry: 3, deadline: '800ms', fallback: { authId: 'none' } },
    release: { retry: 5 },
    capture: { retry: 2 },
    balance: { hedge: '80ms', cache: { fresh: '1s' }, retry: 2 },
  },
})

/** A query builder's type reaches `tx` in plain handlers, in `after` and in `when`. */
export const ordersService: Service = service(orders, kysely<Tables>({ migrations }), {
  uses: [pay],
  handle: {
    place: async ({ tx, input, emit, refuse, key }) => {
      if (input.cents > 100_000) return refuse.tooMuch({ limitCents: 100_000 })
      await tx
        .insertInto('orders')
        .values({ id: input.orderId, cents: input.cents, status: key ?? 'pending' })
        .execute()
      emit.placed(input)
      return { status: 'pending' }
    },
    get: after(
      async ({ input, call, signal }) =>
        signal.aborted ? undefined : call(pay.balance, { account: input.orderId }),
      async ({ db, input, asked }) => {
        const row = await db
          .selectFrom('orders')
          .select('status')
          .where('id', '=', input.orderId)
          .executeTakeFirstOrThrow()
        return { status: `${row.status} ${asked?.cents ?? 0}` }
      },
    ),
  },
  when: [
    when(payments.authorized, async ({ tx, event, emit }) => {
      await tx.updateTable('orders').set({ status: 'paid' }).where('id', '=', event.id).execute()
      emit.placed({ orderId: event.id, cents: 1 })
    }),
  ],
})

/** Plain SQL; a handler that asks first and looks at the outcome. */
export const paymentsService: Service = service(payments, sql({ migrations }), {
  uses: [pay],
  handle: {
    authorize: after(
      async ({ input, call }) => worst(await call.outcome(pay.authorize, input)),
      async ({ tx, input, asked, refuse, emit }) => {
        await tx.query('insert into charges values ($1, $2)', [input.orderId, asked])
        emit.authorized({ id: input.orderId })
        return input.cents > 0 ? { authId: asked } : refuse.declined({ reason: asked })
      },
    ),
    release: async ({ tx, input }) => {
      await tx.query('delete from charges where id = $1', [input.orderId])
    },
    refund: () => {},
    capture: ({ key }) => {
      if (key === undefined) throw new Error('a caller names the key')
    },
    balance: async ({ db, input }) => {
      const { rows } = await db.query<{ readonly cents: number }>('select $1', [input.account])
      return { cents: rows[0]?.cents ?? 0 }
    },
  },
  when: [
    when(
      orders.placed,
      after(
        async ({ input, call }) => call(pay.authorize, input, { key: input.orderId }),
        async ({ event, asked, emit }) => emit.authorized({ id: event.orderId + asked.authId }),
      ),
    ),
  ],
})

/** The four outcomes are all of them: without a case this function would not compile. */
export function worst(outcome: Outcome<typeof payments.authorize>): string {
  if (outcome.kind === 'done') return outcome.degraded ? '' : outcome.value.authId
  if (outcome.kind === 'refused') return outcome.refusal.data.reason
  return outcome.error.code
}

/** Every unit that a duration can have. */
export const durations: readonly Duration[] = ['800ms', '1.5s', '10m', '24h', '7d']

/** Any contract is a `Contract`, so it can be foreign. */
export function declare(contract: Contract): void {
  system('shop', { services: [ordersService, paymentsService], foreign: [foreign(contract)] })
}
