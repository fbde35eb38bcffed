/**
 * A plain service that remembers in a variable whom it has charged already.
 */
import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool()
const charged = new Set<string>()

/** Charges once, as far as this process, or the table, knows. */
async function charge(id: string): Promise<void> {
  if (charged.has(id)) return
  charged.add(id)
  await pool.query('insert into charges values ($1) on conflict do nothing', [id])
}

createServer((request, response) => {
  void charge(request.url ?? '/').then(() => response.end())
}).listen(8080)
