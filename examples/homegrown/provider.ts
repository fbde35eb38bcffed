/**
 * The payment provider, as an honest stranger: with an `Idempotency-Key` it charges once, and without
 * one as often as it is asked.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })

const server = createServer((request, response) => void answer(request, response))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const receipt = await charge(request)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ receipt }))
  } catch {
    response.statusCode = 503
    response.end()
  }
}

async function charge(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { orderId, cents } = JSON.parse(Buffer.concat(chunks).toString())
  await pool.query(
    `insert into charges (receipt, idempotency_key, order_id, cents) values ($1, $2, $3, $4)
     on conflict (idempotency_key) do nothing`,
    [randomUUID(), request.headers['idempotency-key'] ?? null, orderId, cents],
  )
  const { rows } = await pool.query(
    'select receipt from charges where order_id = $1 order by receipt limit 1',
    [orderId],
  )
  return rows[0].receipt
}

server.listen(Number(process.env['PORT'] ?? 3002))
