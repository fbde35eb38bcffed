/**
 * A service inside any server: whatever speaks `node:http` or `fetch` can carry its arrows.
 *
 * Invariants:
 *   M1. The body is read only on demand, and never more than was asked for: over the limit the rest
 *       stays unread and the connection ends with the answer.
 *   M2. The handler's signal aborts if the caller leaves before the answer is complete.
 *   M3. Reading a body ends no later than the answer: what still waits for bytes then is told that none
 *       come, and gives back what it holds. Node itself says nothing to the reader of a request that was
 *       answered before it was complete.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HoldfastError } from '#errors'
import { type IncomingRequest, nodeTimers, type WireHandler, type WireResponse } from '#world'

/**
 * The service as a listener of `node:http`, and of what is built on it.
 *
 * @example
 * createServer(nodeListener(orders.handle)).listen(8080)
 */
export function nodeListener(
  handle: WireHandler,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const asked = new NodeRequest(request, response)
    response.once('close', () => {
      if (!response.writableFinished) asked.abandon()
    })
    // `handle` does not reject, and `write` only if its answer is none: then the connection ends.
    handle(asked)
      .then((answer) => write(request, response, answer))
      .catch(() => response.destroy())
  }
}

class NodeRequest implements IncomingRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingRequest['headers']
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #abort: AbortController | undefined
  #isAbandoned = false

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? ''
    this.path = request.url ?? '/'
    this.headers = flat(request.headers)
    this.#request = request
    this.#response = response
  }

  /** Made when somebody asks for it: most handlers never do. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#isAbandoned) this.#abort.abort(leftEarly())
    }
    return this.#abort.signal
  }

  readonly readBody = async (bytesMax: number): Promise<Uint8Array> =>
    nodeBody(this.#request, this.#response, bytesMax)

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.#isAbandoned = true
    this.#abort?.abort(leftEarly())
  }
}

function leftEarly(): Error {
  return new Error('the caller closed the connection')
}

function flat(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) fields[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return fields
}

/** Reads by events, not by iteration: leaving the iteration would destroy the socket of the answer. */
async function nodeBody(
  request: IncomingMessage,
  response: ServerResponse,
  bytesMax: number,
): Promise<Uint8Array> {
  if (request.readableEnded) throw readBefore()
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > bytesMax) throw tooLarge(`${announced} bytes were announced`, bytesMax)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const stop = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose)
      response.off('close', onClose)
      request.pause()
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      chunks.push(chunk)
      if (length <= bytesMax) return
      stop()
      reject(tooLarge(`${length} bytes arrived`, bytesMax))
    }
    const onEnd = (): void => {
      stop()
      resolve(Buffer.concat(chunks, length))
    }
    const onClose = (): void => {
      stop()
      reject(
        new HoldfastError('HF_REQUEST_MALFORMED', {
          detail: `the body ended after ${length} bytes`,
        }),
      )
    }
    request.on('data', onData).on('end', onEnd).on('close', onClose)
    response.once('close', onClose)
  })
}

function readBefore(): HoldfastError {
  return new HoldfastError('HF_REQUEST_MALFORMED', {
    detail: 'somebody else has read the body',
    fix: 'Mount the service before any middleware that parses bodies.',
  })
}

function tooLarge(found: string, bytesMax: number): HoldfastError {
  return new HoldfastError('HF_BODY_TOO_LARGE', { detail: `${found}, the limit is ${bytesMax}` })
}

function write(request: IncomingMessage, response: ServerResponse, answer: WireResponse): void {
  // A rest that nobody reads would be taken for the next request.
  if (!request.complete) response.shouldKeepAlive = false
  if (!mayHaveBody(answer.status)) {
    response.writeHead(answer.status, answer.headers).end()
    return
  }
  // Without its length the body would be sent in chunks: one more write, and bytes that say nothing.
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.byteLength })
  if (request.complete) response.end(answer.body)
  else linger(request, response, answer.body)
}

/** How long a client that still sends is listened to after it was answered, in ms. */
const LINGER_MS_MAX = 1_000

/**
 * Answers a client that is still sending, and throws away what it sends for a moment: a connection
 * that is closed with bytes unread is reset, and the client would never see why.
 */
function linger(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  const end = (): void => {
    cancel()
    response.end()
  }
  const cancel = nodeTimers.after(LINGER_MS_MAX, end)
  response.write(body)
  request.once('end', end).once('close', end).resume()
}

/** RFC 9110, section 6.4.1. */
function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304
}

/**
 * The service as a `fetch` handler, for servers that are built on `Request` and `Response`.
 *
 * @example
 * app.mount('/', fetchHandler(orders.handle))
 */
export function fetchHandler(handle: WireHandler): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, search } = new URL(request.url)
    const { status, headers, body } = await handle({
      method: request.method,
      path: `${pathname}${search}`,
      headers: Object.fromEntries(request.headers),
      readBody: async (bytesMax) => fetchBody(request, bytesMax),
      signal: request.signal,
    })
    return new Response(mayHaveBody(status) ? Uint8Array.from(body) : null, { status, headers })
  }
}

async function fetchBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  if (request.bodyUsed) throw readBefore()
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop cancels the stream: the rest is not read.
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > bytesMax) throw tooLarge(`${length} bytes arrived`, bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}
