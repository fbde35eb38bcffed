/**
 * The payment provider as a program of its own: plain node:http on `PORT`, its books in a file.
 *
 * `PROVIDER_BOOKS` names the file; without it the books lie beside the embedded databases.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { openBooks } from './books-file.ts'
import { LOST, provider } from './provider.ts'

const BODY_BYTES_MAX = 65_536

const file =
  process.env['PROVIDER_BOOKS'] ??
  join(process.env['HOLDFAST_DIR'] ?? '.holdfast', 'provider', 'charges.jsonl')
const answer = provider(openBooks(file))

const server = createServer((incoming, outgoing) => {
  serve(incoming, outgoing).catch((error: unknown) => {
    console.error(error)
    outgoing.destroy()
  })
})

server.listen(Number(process.env['PORT'] ?? 4_900), process.env['HOST'] ?? '127.0.0.1')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await bodyOf(incoming)
  if (body === undefined) {
    outgoing.writeHead(413, { connection: 'close' }).end()
    return
  }
  const response = await answer(requestOf(incoming, body))
  if (response === LOST) {
    outgoing.destroy()
    return
  }
  const bytes = Buffer.from(await response.arrayBuffer())
  outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(bytes)
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function requestOf({ method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer): Request {
  const key = headers['idempotency-key']
  return new Request(new URL(url, 'http://provider'), {
    method,
    headers: typeof key === 'string' ? { 'idempotency-key': key } : {},
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: new Uint8Array(body) }),
  })
}

function stop(): void {
  server.close(() => process.exit(0))
  // Idle connections would keep the program alive for as long as its callers like.
  server.closeIdleConnections()
}
