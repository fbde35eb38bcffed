/**
 * Payments, put right: the order's id goes to the provider as the key of the charge.
 */
import express from 'express'
import pg from 'pg'

const PROVIDER_URL = process.env['PROVIDER_URL'] ?? 'http://localhost:3002'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })
const app = express()
app.use(express.json())

app.post('/payments', async (request, response) => {
  const { orderId, cents } = request.body
  const charged = await fetch(`${PROVIDER_URL}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': orderId },
    body: JSON.stringify({ orderId, cents }),
    signal: AbortSignal.timeout(1_000),
  })
  if (!charged.ok) throw new Error(`the provider answered ${charged.status}`)
  const { receipt } = (await charged.json()) as { readonly receipt: string }

  await pool.query(
    'insert into payments (order_id, receipt) values ($1, $2) on conflict do nothing',
    [orderId, receipt],
  )
  response.json({ receipt })
})

app.listen(Number(process.env['PORT'] ?? 3001))
