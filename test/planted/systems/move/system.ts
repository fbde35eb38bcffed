/**
 * A counter that moves from one shard to another while it is counted: seal, copy, publish.
 *
 * What the old shard has answered must be known to the new one, or a repeated command counts twice;
 * and nothing may be written to the old one after it was read.
 */
import {
  command,
  contract,
  query,
  type Service,
  service,
  sql,
  type SqlExecutor,
  system,
} from 'holdfast'
import { z } from 'zod'

const database = sql({ migrations: new URL('./migrations/', import.meta.url) })

const Copy = z.object({ total: z.int(), seen: z.array(z.string()).max(1_000) })

const shard = {
  add: command({
    input: z.object({ id: z.string() }),
    refuses: { moved: z.object({}) },
    key: ({ id }) => id,
  }),
  seal: command({ input: z.object({}), output: Copy, key: () => 'seal' }),
  open: command({ input: Copy, key: () => 'open' }),
}

export const old = contract('old', shard)
export const young = contract('young', shard)

export const directory = contract('directory', {
  where: query({ input: z.object({}), output: z.object({ owner: z.enum(['old', 'young']) }) }),
  publish: command({ input: z.object({}), key: () => 'publish' }),
})

function shardService(own: typeof old): Service {
  return service(own, database, {
    handle: {
      add: async ({ tx, input, refuse }) => {
        const { rowCount } = await tx.query(
          'insert into seen (id) values ($1) on conflict do nothing',
          [input.id],
        )
        const counted = rowCount === 0 ? 0 : 1
        const added = await tx.query(`update shelf set total = total + $1 where state = 'open'`, [
          counted,
        ])
        return added.rowCount === 0 ? refuse.moved({}) : undefined
      },
      seal: async ({ tx }) => {
        await tx.query(`update shelf set state = 'sealed'`)
        const { rows } = await tx.query<{ total: number }>('select total from shelf')
        return { total: rows[0]?.total ?? 0, seen: await seenIn(tx) }
      },
      open: async ({ tx, input }) => {
        await tx.query(`update shelf set state = 'open', total = $1`, [input.total])
        await tx.query('insert into seen (id) select unnest($1::text[])', [input.seen])
      },
    },
  })
}

async function seenIn(tx: SqlExecutor): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>('select id from seen order by id')
  return rows.map(({ id }) => id)
}

const directoryService = service(directory, database, {
  handle: {
    where: async ({ db }) => {
      const { rows } = await db.query('select 1 from seen')
      return { owner: rows.length === 0 ? 'old' : 'young' }
    },
    publish: async ({ tx }) => {
      await tx.query(`insert into seen (id) values ('published')`)
    },
  },
})

export const moving = system('moving', {
  services: [shardService(old), shardService(young), directoryService],
})
