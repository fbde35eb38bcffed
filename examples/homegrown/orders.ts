/**
 * Orders: takes one, and tells payments about it through an outbox. Written in an afternoon.
 *
 * It has an idempotency key, a transaction, an outbox, a timeout and a retry, and it is wrong.
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
  const known = await pool.query('select answer from idempotency_keys where key = $1', [key])
  if (known.rows[0] !== undefined) {
    response.json(known.rows[0].answer)
    return
  }

  const answer = { orderId: randomUUID() }
  const { customer, cents } = request.body
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('insert into orders (id, customer, cents) values ($1, $2, $3)', [
      answer.orderId,
      customer,
      cents,
    ])
    await client.query('insert into outbox (order_id) values ($1)', [answer.orderId])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }

  // Remembers the answer, so that whoever asks again gets the same order.
  await pool.query('insert into idempotency_keys (key, answer) values ($1, $2)', [key, answer])
  response.status(201).json(answer)
})

/** Claims what is not sent, so that two instances never send the same, and sends it. */
async function sendOutbox(): Promise<void> {
  const { rows } = await pool.query(
    `update outbox set sent_at = now()
     where id in (select id from outbox where sent_at is null order by id limit $1 for update skip locked)
     returning id, order_id`,
    [BATCH],
  )
  for (const { id, order_id: orderId } of rows) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after another, in order.
      await pay(orderId)
    } catch {
      // It did not work: the next round tries it again.
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await pool.query('update outbox set sent_at = null where id = $1', [id])
    }
  }
}

async function pay(orderId: string): Promise<void> {
  const { rows } = await pool.query('select cents from orders where id = $1', [orderId])
  const response = await fetch(`${PAYMENTS_URL}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, cents: rows[0].cents }),
    signal: AbortSignal.timeout(1_500),
  })
  if (!response.ok) throw new Error(`payments answered ${response.status}`)
  await pool.query(`update orders set status = 'paid' where id = $1`, [orderId])
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
