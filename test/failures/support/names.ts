/**
 * A name that can be changed in two places, and a badge on which the last change stands.
 *
 * A customer writes a name on the web. At the desk somebody reads it, sees that it is wrong, and corrects
 * it. The badge hears of both and keeps what was written last: by the wall clocks of those who wrote, or
 * by the stamps of their events.
 */
import { command, contract, event, query, service, sql, system, type System, when } from 'holdfast'
import type { Load } from 'holdfast/sim'
import { z } from 'zod'

const Name = z.object({ customer: z.string(), name: z.string() })
const Written = z.object({ customer: z.string(), name: z.string(), atMs: z.number() })
const key = ({ customer }: { readonly customer: string }): string => customer

/** Where customers write their names. */
export const web = contract('web', {
  write: command({ input: Name, key }),
  written: event({ payload: Written, key }),
})

/** Where they are corrected. */
export const desk = contract('desk', {
  correct: command({ input: Name, key }),
  read: query({
    input: z.object({ customer: z.string() }),
    output: z.object({ name: z.string() }),
  }),
  corrected: event({ payload: Written, key }),
})

const badge = contract('badge', {})

const tables = (name: string) => sql({ migrations: new URL(`./names/${name}/`, import.meta.url) })

const webService = service(web, tables('web'), {
  handle: { write: ({ input, emit }) => emit.written({ ...input, atMs: Date.now() }) },
})

const deskService = service(desk, tables('desk'), {
  handle: {
    correct: ({ input, emit }) => emit.corrected({ ...input, atMs: Date.now() }),
    read: async ({ db, input }) => {
      const found = await db.query<{ name: string }>('select name from heard where customer = $1', [
        input.customer,
      ])
      return { name: found.rows[0]?.name ?? '' }
    },
  },
  when: [
    when(web.written, async ({ tx, event: { customer, name } }) => {
      await tx.query('insert into heard values ($1, $2)', [customer, name])
    }),
  ],
})

/** What says which of two changes is the later one. */
export type Order = 'by wall clock' | 'by stamp'

const KEEP_LAST = `insert into badge values ($1, $2, $3)
  on conflict (customer) do update set name = excluded.name, at = excluded.at
  where badge.at < excluded.at`

/** The system whose badge keeps the last change by this order. */
export function naming(order: Order): System {
  const atOf = (atMs: number, stamp: string): string =>
    order === 'by stamp' ? stamp : new Date(atMs).toISOString()
  const badgeService = service(badge, tables('badge'), {
    handle: {},
    when: [
      when(web.written, async ({ tx, event: { customer, name, atMs }, stamp }) => {
        await tx.query(KEEP_LAST, [customer, name, atOf(atMs, stamp)])
      }),
      when(desk.corrected, async ({ tx, event: { customer, name, atMs }, stamp }) => {
        await tx.query(KEEP_LAST, [customer, name, atOf(atMs, stamp)])
      }),
    ],
  })
  return system('names', { services: [webService, deskService, badgeService] })
}

/** A customer writes a name, and as soon as the desk has read it, it corrects it. */
export async function writeAndCorrect(world: Load, customer: string): Promise<void> {
  const { write } = world.client(web)
  const { correct, read } = world.client(desk)
  await insist(world, async () => (await write.outcome({ customer, name: 'Aad' })).kind === 'done')
  await insist(world, async () => {
    const seen = await read.outcome({ customer })
    return seen.kind === 'done' && seen.value.name === 'Aad'
  })
  await insist(
    world,
    async () => (await correct.outcome({ customer, name: 'Ada' })).kind === 'done',
  )
}

async function insist(world: Load, attempt: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    if (await attempt()) return
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await world.sleep('20ms')
  }
  throw new Error('nobody answered')
}
