/**
 * The network of the real world: HTTP/1.1, in and out.
 */
import type { Network } from '#world'
import { HttpClient } from './http-client.ts'
import { listen } from './http-server.ts'

/** Node's network. `close` ends the outgoing connections; listeners are closed by whoever opened them. */
export function httpNetwork(): Network & { close(): Promise<void> } {
  const client = new HttpClient()
  return {
    send: async (origin, request) => client.send(origin, request),
    listen,
    close: async () => client.close(),
  }
}
