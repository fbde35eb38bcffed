/**
 * A plain service that says what it sees of the world, and uses `pg` in each of its ways.
 */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { scheduler, setInterval as ticks } from 'node:timers/promises'
import pg from 'pg'
import { next } from './counter.ts'

const pool = new pg.Pool({ connectionString: 'postgres://nowhere' })
const source = await readFile(new URL(import.meta.url), 'utf8')

async function time(): Promise<unknown> {
  const [wall, monotonic] = [Date.now(), performance.now()]
  await scheduler.wait(1_000)
  let count = 0
  for await (const _ of ticks(500)) if (++count === 2) break
  return [Date.now() - wall, performance.now() - monotonic]
}

async function order(): Promise<unknown> {
  const seen: string[] = []
  setTimeout(() => seen.push('timer'), 0)
  const promised = Promise.resolve().then(() => seen.push('promise'))
  process.nextTick(() => seen.push('tick'))
  await promised
  await scheduler.wait(5)
  return seen
}

async function database(): Promise<unknown> {
  const client = await pool.connect()
  await client.query('begin')
  await client.query({ text: 'insert into notes values ($1, $2)', values: ['a', { deep: [1] }] })
  await client.query('rollback')
  await client.query(`insert into notes values ('b', '{}'); insert into notes values ('c', '[1]')`)
  const double = await client.query(`insert into notes values ('b', null)`).catch((error) => error)
  client.release()
  const { rows, rowCount, command } = await pool.query('select id, body from notes order by id')
  const counted = await new Promise((resolve) => {
    pool.query('select count(*)::int from notes', (_: unknown, result: pg.QueryResult) =>
      resolve(result.rows[0]),
    )
  })
  return { rows, rowCount, command, counted, code: double.code }
}

async function answer(path: string): Promise<unknown> {
  if (path === '/time') return time()
  if (path === '/order') return order()
  if (path === '/database') return database()
  if (path === '/chance') return [Math.random(), randomUUID()]
  if (path === '/environment') return { ...process.env }
  if (path === '/notes') return (await pool.query('select id from notes order by id')).rows
  if (path === '/stack') return new Error('a mistake').stack
  if (path === '/exit') process.exit(3)
  if (path === '/neighbour') return (await fetch('http://localhost:8080/count')).json()
  return { count: next(), lines: source.split('\n').length > 1 }
}

createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  void answer(request.url ?? '/').then((body) => response.end(JSON.stringify(body)))
}).listen(Number(process.env['PORT'] ?? 8080))
