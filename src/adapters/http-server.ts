/**
 * The listening half of HTTP, on `node:http` without anything above it.
 *
 * Invariants:
 *   L1. A client that sends slowly, too much or nonsense is answered with a problem document, and
 *       costs one connection for at most 30 s.
 *   L2. After `close` nothing is accepted, and it resolves when the last open exchange has ended.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { catalogue, type Code, HoldfastError } from '#errors'
import type { Address, Listener, WireHandler } from '#world'
import { nodeListener } from './mount.ts'
import { acceptSessions, asksForSession, type Sessions } from './session/accept.ts'

const limits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than the clients' own: whoever closes first loses the race with the next request.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
  connectionsCheckingInterval: 5_000,
} as const

/** Open connections of one listener. Past it the system refuses them, which callers see as not sent. */
const CONNECTIONS_MAX = 4_096

/** Listens on an address. @throws HF_PORT_IN_USE */
export async function listen(address: Address, handle: WireHandler): Promise<Listener> {
  const options = { ...limits, shouldUpgradeCallback: asksForSession }
  const server = createServer(options, nodeListener(handle))
  const sessions = acceptSessions(server, handle)
  const open = new Set<ServerResponse>()
  server.maxConnections = CONNECTIONS_MAX
  server.on('clientError', answerNonsense)
  server.prependListener('request', (_request, response) => {
    open.add(response)
    response.once('close', () => open.delete(response))
  })
  await opened(server, address)
  return { origin: originOf(server, address), close: () => closed(server, open, sessions) }
}

async function opened(server: Server, { host, port }: Address): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(unopened(host, port, cause)))
    server.listen({ host, port }, resolve)
  })
}

function unopened(host: string, port: number, cause: NodeJS.ErrnoException): HoldfastError {
  if (cause.code === 'EADDRINUSE') {
    return new HoldfastError('HF_PORT_IN_USE', {
      detail: `port ${port} of ${host} has a listener already`,
      cause,
    })
  }
  const detail = `cannot listen on port ${port} of ${host}: ${cause.message}`
  return new HoldfastError('HF_CONFIG_INVALID', { detail, cause })
}

function originOf(server: Server, { host, port }: Address): string {
  const found = server.address()
  const taken = typeof found === 'object' ? (found?.port ?? port) : port
  return `http://${host.includes(':') ? `[${host}]` : host}:${taken}`
}

/** Stops accepting. A connection that is busy now becomes idle later, and would then be kept for 65 s. */
async function closed(
  server: Server,
  open: ReadonlySet<ServerResponse>,
  sessions: Sessions,
): Promise<void> {
  for (const response of open) {
    response.shouldKeepAlive = false
    response.once('close', () => server.closeIdleConnections())
  }
  const ended = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  await Promise.all([ended, sessions.close()])
}

/** What the parser refuses never becomes a request, so that the answer is written by hand. */
function answerNonsense(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { status, reason, detail } = verdictOf(error.code)
  const code: Code = 'HF_REQUEST_MALFORMED'
  const { title, effect, fix } = catalogue[code]
  const type = `urn:holdfast:error:${code}`
  const text = JSON.stringify({ type, title, status, detail, code, effect, fix })
  socket.end(
    [
      `HTTP/1.1 ${status} ${reason}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(text)}`,
      'connection: close',
      '',
      text,
    ].join('\r\n'),
  )
}

interface Verdict {
  readonly status: number
  readonly reason: string
  readonly detail: string
}

function verdictOf(code: string | undefined): Verdict {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      status: 431,
      reason: 'Request Header Fields Too Large',
      detail: `the headers are over the limit of ${limits.maxHeaderSize} bytes`,
    }
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return {
      status: 408,
      reason: 'Request Timeout',
      detail: `headers must arrive in ${limits.headersTimeout} ms, all in ${limits.requestTimeout} ms`,
    }
  }
  return { status: 400, reason: 'Bad Request', detail: 'this is not HTTP/1.1' }
}
