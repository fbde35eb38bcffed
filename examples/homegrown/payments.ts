/**
 * Payments: charges a card at the provider, once for each order. Or so it seems.
 */
import express from 'express'
import pg from 'pg'

const PROVIDER_URL = process.env['PROVIDER_URL'] ?? 'http://localhost:3002'

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })
const app = express()
app.use(express.json())

app.post('/payments', async (request, response) => {
  const { orderId, cents } = request.body
  const paid = await pool.query('select receipt from payments where order_id = $1', [orderId])
  if (paid.rows[0] !== undefined) {
    response.json({ receipt: paid.rows[0].receipt })
    return
  }

  const charged = await fetch(`${PROVIDER_URL}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ orderId, cents }),
    signal: AbortSignal.timeout(1_000),
  })
  if (!charged.ok) throw new Error(`the provider answered ${charged.status}`)
  const { receipt } = (await charged.json()) as { receipt: string }

  // From now on the order is paid: whoever asks again gets the receipt.
  await pool.query('insert into payments (order_id, receipt) values ($1, $2)', [orderId, receipt])
  response.status(201).json({ receipt })
})

app.listen(Number(process.env['PORT'] ?? 3001))
