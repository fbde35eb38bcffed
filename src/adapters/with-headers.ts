/**
 * Headers that the network adds below all policies: the credentials of a foreign service.
 *
 * They are not part of an edge, which is a value that is printed and drawn, and must hold no secret.
 */
import type { Network, OutgoingRequest } from '#world'

/**
 * The same network, which adds to each request what `headersFor` gives for its origin. What Holdfast sets
 * itself is not replaced.
 *
 * @example
 * const network = withHeaders(httpNetwork(), () => ({ authorization: 'Bearer token' }))
 */
export function withHeaders(
  network: Network,
  headersFor: (origin: string) => Readonly<Record<string, string>>,
): Network {
  return {
    listen: async (address, handler) => network.listen(address, handler),
    send: async (origin, request) =>
      network.send(origin, added(request, lowered(headersFor(origin)))),
  }
}

function lowered(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}

/** The signal is made only if the network asks for it, so it is not copied but asked for. */
function added(request: OutgoingRequest, more: Readonly<Record<string, string>>): OutgoingRequest {
  const { method, path, body, answerBytesMax, transport } = request
  return {
    method,
    path,
    headers: { ...more, ...request.headers },
    body,
    answerBytesMax,
    ...(transport === undefined ? {} : { transport }),
    get signal() {
      return request.signal
    },
  }
}
