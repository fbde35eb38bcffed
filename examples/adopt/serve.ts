/**
 * Each shop on a port of its own.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { expressShop } from './express.ts'
import { fastifyShop } from './fastify.ts'
import { honoShop } from './hono.ts'
import type { Shipping } from './shipping.ts'

/** A shop that listens. */
export interface Served extends AsyncDisposable {
  readonly origin: string
}

export const frameworks: Readonly<
  Record<string, (shipping: Shipping, port?: number) => Promise<Served>>
> = {
  express: async (shipping, port) => listening(createServer(expressShop(shipping)), port),
  hono: async (shipping, port) =>
    listening(createServer(overFetch(honoShop(shipping).fetch)), port),
  async fastify(shipping, port = 0) {
    const app = fastifyShop(shipping)
    const origin = await app.listen({ port, host: '127.0.0.1' })
    const stop = async (): Promise<void> => {
      app.server.closeAllConnections()
      await app.close()
    }
    return { origin, [Symbol.asyncDispose]: stop }
  },
}

async function listening(server: Server, port = 0): Promise<Served> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`,
    [Symbol.asyncDispose]: stop,
  }
}

/** What `@hono/node-server` does, as far as this shop needs it. */
function overFetch(
  fetch: (request: Request) => Response | Promise<Response>,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const leaving = new AbortController()
    response.once('close', () => leaving.abort(new Error('the customer left')))
    const answer = async (): Promise<void> => {
      const { method = 'GET', url = '/' } = request
      const hasBody = method !== 'GET' && method !== 'HEAD'
      const asked = new Request(new URL(url, 'http://shop'), {
        method,
        signal: leaving.signal,
        headers: { 'content-type': 'application/json' },
        body: hasBody ? await buffer(request) : null,
      })
      const answered = await fetch(asked)
      response.writeHead(answered.status, Object.fromEntries(answered.headers))
      response.end(await answered.text())
    }
    answer().catch(() => response.destroy())
  }
}
