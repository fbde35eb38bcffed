/**
 * Orders, put right: the key is a row of the order's own transaction, and a message is marked as sent
 * once it is known to have arrived.
 */
import { randomUUID } from 'node:crypto'
import express from 'express'
import pg from 'pg'

const PAYMENTS_URL = process.env['PAYMENTS_URL'] ?? 'http://localhost:3001'
const POLL_MS = 500
const BATCH = 10

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })
const app = express()
app.use(express.json())

app.post('/orders', async (request, response) => {
  const key = request.get('idempotency-key') ?? randomUUID()
  response.status(201).json(await placed(key, request.body))
})

interface Answer {
  readonly orderId: string
}

async function placed(
  key: string,
  { customer, cents }: { readonly customer: string; readonly cents: number },
): Promise<Answer> {
  const answer = { orderId: randomUUID() }
  const client = await pool.connect()
  try {
    await client.query('begin')
    // First of all: whoever comes second waits here until the first has ended, one way or the other.
    const claimed = await client.query(
      'insert into idempotency_keys (key, answer) values ($1, $2) on conflict do nothing',
      [key, answer],
    )
    if (claimed.rowCount === 0) {
      const known = await client.query('select answer from idempotency_keys where key = $1', [key])
      await client.query('commit')
      return known.rows[0].answer
    }
    await client.query('insert into orders (id, customer, cents) values ($1, $2, $3)', [
      answer.orderId,
      customer,
      cents,
    ])
    await client.query('insert into outbox (order_id) values ($1)', [answer.orderId])
    await client.query('commit')
    return answer
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}

/** Sends what is not known to have arrived: at least once, and payments sees to the rest. */
async function sendOutbox(): Promise<void> {
  const { rows } = await pool.query(
    `select outbox.id, order_id, cents from outbox join orders on orders.id = order_id
     where sent_at is null order by outbox.id limit $1`,
    [BATCH],
  )
  for (const { id, order_id: orderId, cents } of rows) {
    // oxlint-disable-next-line no-await-in-loop -- one after another, in order.
    await pay(orderId, cents)
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await pool.query(
      `with sent as (update outbox set sent_at = now() where id = $1)
       update orders set status = 'paid' where id = $2`,
      [id, orderId],
    )
  }
}

async function pay(orderId: string, cents: number): Promise<void> {
  const response = await fetch(`${PAYMENTS_URL}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, cents }),
    signal: AbortSignal.timeout(1_500),
  })
  if (!response.ok) throw new Error(`payments answered ${response.status}`)
}

let isSending = false
setInterval(() => {
  if (isSending) return
  isSending = true
  sendOutbox()
    .catch((error) => console.error('the outbox was not sent', error))
    .finally(() => {
      isSending = false
    })
}, POLL_MS)

app.listen(Number(process.env['PORT'] ?? 3000))
