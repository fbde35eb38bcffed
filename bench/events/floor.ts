/**
 * The floor of the events: an outbox as one writes it for speed alone, in one statement at the source
 * and in batches at the target.
 *
 * It keeps no order, has no retry, no lease and no dead letters, and reads with one reader: it says what
 * PostgreSQL allows.
 */
import { Client, Pool } from 'pg'
import { type Ends, type Pipe, SENDERS, SOURCE_TABLES, TARGET_TABLES } from './pipe.ts'

const BATCH_MAX = 500

const SEND = `with placed as (insert into orders values ($1, 'ada', 500))
  insert into outbox (payload) values ($2)`
const TAKE = `delete from outbox where id in (
  select id from outbox order by id limit ${BATCH_MAX} for update skip locked) returning payload`
const EFFECT = `with fresh as (
  insert into inbox select unnest($1::text[]) on conflict do nothing returning event_id)
  insert into shipments select event_id from fresh`

/** Starts the pipe that is written by hand. */
export async function startFloor({ source, target }: Ends, onEffect: () => void): Promise<Pipe> {
  const senders = new Pool({ connectionString: source, max: SENDERS })
  const [reader, writer] = [await connected(source), await connected(target)]
  await reader.query(SOURCE_TABLES)
  await reader.query(
    'create table outbox (id bigint generated always as identity primary key, payload text not null)',
  )
  await writer.query(TARGET_TABLES)
  const bell = { ring: (): void => {} }
  void relay({ reader, writer, bell, onEffect })
  return {
    async send(orderId) {
      await senders.query({ name: 'send', text: SEND, values: [orderId, orderId] })
      bell.ring()
    },
  }
}

interface Relaying {
  readonly reader: Client
  readonly writer: Client
  readonly bell: { ring: () => void }
  readonly onEffect: () => void
}

/** Runs until its process ends. The effect is committed before the rows are gone: at least once. */
async function relay({ reader, writer, bell, onEffect }: Relaying): Promise<never> {
  for (;;) {
    const rung = new Promise<void>((resolve) => {
      bell.ring = resolve
    })
    // oxlint-disable-next-line no-await-in-loop -- one batch after the other.
    const taken = await moveBatch(reader, writer)
    for (let n = 0; n < taken; n += 1) onEffect()
    // oxlint-disable-next-line no-await-in-loop -- as above.
    if (taken === 0) await rung
  }
}

async function moveBatch(reader: Client, writer: Client): Promise<number> {
  await reader.query('begin')
  const { rows } = await reader.query<{ payload: string }>({ name: 'take', text: TAKE })
  const ids = rows.map(({ payload }) => payload)
  if (ids.length > 0) await writer.query({ name: 'effect', text: EFFECT, values: [ids] })
  await reader.query('commit')
  return ids.length
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}
