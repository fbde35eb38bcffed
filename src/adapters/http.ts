/**
 * The network of the real world: HTTP/1.1, in and out, and sessions on the same ports.
 *
 * A listener takes both. What goes out goes over a session where the caller wants one and the callee
 * agrees (`session/channel.ts`), and over HTTP otherwise.
 */
import type { Network } from '#world'
import { HttpClient } from './http-client.ts'
import { listen } from './http-server.ts'
import { SessionClient } from './session/client.ts'

/** Node's network. `close` ends the outgoing connections; listeners are closed by whoever opened them. */
export function httpNetwork(): Network & { close(): Promise<void> } {
  const http = new HttpClient()
  const sessions = new SessionClient((origin, request) => http.send(origin, request))
  return {
    send: async (origin, request) => {
      // Inside TLS there are no sessions yet, so that an origin of `https` is asked over HTTP.
      const wantsSession = request.transport === 'session' && origin.startsWith('http://')
      return wantsSession ? sessions.send(origin, request) : http.send(origin, request)
    },
    listen,
    async close() {
      sessions.close()
      await http.close()
    },
  }
}
