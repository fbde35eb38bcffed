/**
 * Goal: an operator sees why events are dead, changes nothing by looking, and leaves a record of what was
 * decided. Method: the program itself, on a PostgreSQL in which five events of the market have died.
 */
import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { after, beforeEach, describe, test } from 'node:test'
import { readMigrations } from '#host'
import { type Database, migrate, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { connectPostgres } from '../../src/adapters/postgres.ts'
import { market } from '../../examples/market/system.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { commandLine } from '../support/command-line.ts'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const databases = new Map<string, Database>()
const environment: Record<string, string> = {}
for (const service of market.services) {
  // oxlint-disable no-await-in-loop -- one database after the other.
  const url = await freshPostgresUrl()
  const database = openDatabase(connectPostgres({ url }), world)
  await migrate(database, await readMigrations(service))
  environment[`DATABASE_URL_${service.name.toUpperCase()}`] = url
  databases.set(service.name, database)
  // oxlint-enable no-await-in-loop
}
after(() => Promise.all([...databases.values()].map((each) => each.close())))

const EDGE = market.eventEdges.find(({ source }) => source === 'orders')?.name ?? ''

function orders(): Database {
  const found = databases.get('orders')
  assert.ok(found !== undefined)
  return found
}

const holdfast = (...args: readonly string[]): ReturnType<typeof commandLine> =>
  commandLine(['dead', ...args, 'examples/market'], environment)

/** Three died of one cause, one of another, and one is well but waits behind the first. */
const DIED = `insert into hf.outbox (edge, part, id, key, body, head, due_at, attempts, error)
  select $1, 0, 'id-' || n, key, jsonb_build_object('n', n), '{"event":"orders.placed"}',
    case when error is not null then 'infinity'::timestamptz end, 12, error
  from (values (1, 'a', 'HF_HANDLER_FAILED: RangeError at 17'),
    (2, 'b', 'HF_HANDLER_FAILED: RangeError at 4'), (3, 'b', 'HF_HANDLER_FAILED: RangeError at 5'),
    (4, 'c', 'HF_EVENT_INVALID: orders.placed: no total'), (5, 'a', null)) as died(n, key, error)`

async function left(): Promise<readonly string[]> {
  const { rows } = await orders().query<{ line: string }>(
    `select id || ' ' || coalesce(error, 'well') as line from hf.outbox order by seq`,
  )
  return rows.map(({ line }) => line)
}

describe('holdfast dead', () => {
  beforeEach(async () => {
    await orders().query('truncate hf.outbox, hf.inbox')
    await orders().query(DIED, [EDGE])
  })

  test('list groups the dead by their causes, says how old they are, and exits with 1', async () => {
    const { code, out } = await holdfast('list')

    assert.equal(code, 1)
    assert.match(out, new RegExp(`^${EDGE} {2}orders.placed {2}3 dead of 2 keys, the oldest for `))
    assert.match(out, /\n {4}HF_HANDLER_FAILED: RangeError at …\n {4}holdfast dead show id-1\n/)
    assert.match(out, /\n {4}HF_EVENT_INVALID: orders\.placed: no total\n/)
    assert.match(out, /\n4 dead; holdfast dead redrive lets them go again\n$/)
  })

  test('D1: redrive and skip only say what they would do, until --yes', async () => {
    const before = await left()

    const redriven = await holdfast('redrive', '--code', 'HF_HANDLER_FAILED')
    const skipped = await holdfast('skip', 'id-1', '--reason', 'refunded')

    assert.match(redriven.out, /nothing was changed; --yes lets these 3 go again, in their order/)
    assert.match(skipped.out, /key a {2}1 later event of the key behind it\nnothing was changed/)
    assert.deepEqual(await left(), before)
    assert.match((await holdfast('decisions')).out, /^nothing was decided yet\n$/)
  })

  test('redrive --yes lets go what failed of one cause, and leaves the others', async () => {
    const { code, out } = await holdfast('redrive', '--code', 'HF_HANDLER_FAILED', '--yes')

    assert.deepEqual([code, out], [0, '3 redriven\n'])
    assert.deepEqual(await left(), [
      'id-1 well',
      'id-2 well',
      'id-3 well',
      'id-4 HF_EVENT_INVALID: orders.placed: no total',
      'id-5 well',
    ])
  })

  test('D2: what was skipped is on record, with who did it and why', async () => {
    await holdfast('skip', 'id-4', '--reason', 'refunded by hand', '--yes')
    await holdfast('redrive', '--id', 'id-1', '--reason', 'fixed', '--yes')

    const { out } = await holdfast('decisions', '--json')

    const { decisions } = JSON.parse(out)
    const { username: by } = userInfo()
    assert.deepEqual(
      decisions.map(({ at: _at, ...rest }: { readonly at: string }) => rest),
      [
        { action: 'redrive', by, reason: 'fixed', edge: EDGE, event: 'orders.placed', ...ID_1 },
        {
          action: 'skip',
          by,
          reason: 'refunded by hand',
          edge: EDGE,
          event: 'orders.placed',
          ...ID_4,
        },
      ],
    )
    assert.ok(!(await left()).some((line) => line.startsWith('id-4')))
  })

  test('show prints the payload and what waits behind it; an unknown id and edge are named', async () => {
    const shown = await holdfast('show', 'id-1')
    const unknown = await holdfast('show', 'nobody')
    const wrong = await holdfast('list', '--edge', 'orders>nobody')

    assert.match(shown.out, /holdsUp +1\n/)
    assert.match(shown.out, /payload +\{\n {2}"n": 1\n\}/)
    assert.deepEqual(
      [unknown.code, unknown.out],
      [1, 'there is no dead letter with the id nobody\n'],
    )
    assert.equal(wrong.code, 2)
    assert.match(wrong.errors, /there is no event edge 'orders>nobody'; there are /)
  })
})

const ID_1 = { key: 'a', id: 'id-1' }
const ID_4 = { key: 'c', id: 'id-4' }
