/**
 * A plain service that takes orders as a tired engineer would: what payments said is not looked at, who
 * is slow is asked again as if for the first time, and who has left is forgotten at once.
 */
import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool()
const PAYMENTS = process.env['PAYMENTS_URL'] ?? ''
const PATIENCE_MS = 150

createServer((request, response) => {
  let isGone = false
  response.once('close', () => (isGone = !response.writableFinished))
  void order(request.url ?? '/', () => isGone).then(() => response.end())
}).listen(8080)

async function order(id: string, hasLeft: () => boolean): Promise<void> {
  await pool.query('insert into orders values ($1)', [id])
  await pay(id, 1)
  if (hasLeft()) return
  await pool.query('insert into parcels values ($1)', [id])
}

async function pay(id: string, attempt: number): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    await fetch(`${PAYMENTS}${id}?${attempt}`, { method: 'POST', signal })
  } catch {
    if (signal.aborted && attempt === 1) await pay(id, 2)
  }
}
