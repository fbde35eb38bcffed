/**
 * The sending half of HTTP: one bounded pool of connections for each origin, and the proof of what was
 * sent.
 *
 * Intuition: whether a request can have reached the callee is not read from an error's name, which
 * differs by version and platform ("ECONNRESET" comes before and after). It is seen: undici calls
 * `onRequestStart` immediately before it writes the first byte of a request to a connection, once, and
 * not at all if there is no connection. What failed before that call was not sent.
 *
 * Invariants:
 *   H1. HF_CALL_NOT_SENT only if `onRequestStart` was not called; else HF_CALL_LOST.
 *   H2. At most 64 connections and 1,024 requests for each origin; more are refused, not queued. Who
 *       waits for a connection does so within his deadline, behind the bound of his edge.
 *   H3. An aborted exchange rejects at once. If it had not started, it never will.
 *
 * Rejected: `fetch` and undici's `request`, which hide that moment; its retry and its cache, which
 * would stand below the policies of the edge; HTTP/2, where a lost stream says less (RFC 9113, 8.7).
 */
import { Pool, type Dispatcher } from 'undici'
import { type Code, HoldfastError } from '#errors'
import type { OutgoingRequest, WireResponse } from '#world'

/** Connections for each origin. One carries one request at a time. */
const CONNECTIONS_MAX = 64

/** Requests for each origin, those that wait for a connection included: fifteen wait behind each. */
const REQUESTS_MAX = 16 * CONNECTIONS_MAX

/** A connection that takes longer than this, in ms, is tried elsewhere or again. */
const CONNECT_MS_MAX = 1_000

/** Origins that are remembered. Services are declared, so that more is a leak. */
const ORIGINS_MAX = 256

/** Sends requests and reads answers. */
export class HttpClient {
  readonly #channels = new Map<string, Channel>()

  /** @throws HF_CALL_NOT_SENT, HF_CALL_LOST */
  async send(origin: string, request: OutgoingRequest): Promise<WireResponse> {
    if (request.signal.aborted) throw notSent('the caller gave up before', request.signal.reason)
    return this.#channel(origin).send(request)
  }

  /** Ends all connections, and with them all exchanges. */
  async close(): Promise<void> {
    const channels = [...this.#channels.values()]
    this.#channels.clear()
    await Promise.all(channels.map((channel) => channel.close()))
  }

  #channel(origin: string): Channel {
    const known = this.#channels.get(origin)
    if (known !== undefined) return known
    if (this.#channels.size >= ORIGINS_MAX) {
      throw notSent(`${ORIGINS_MAX} other origins are in use, and no more are kept`, undefined)
    }
    const channel = new Channel(origin)
    this.#channels.set(origin, channel)
    return channel
  }
}

/** The connections to one origin. */
class Channel {
  readonly #origin: string
  readonly #pool: Pool
  #requests = 0

  constructor(origin: string) {
    this.#origin = origin
    try {
      this.#pool = new Pool(origin, {
        connections: CONNECTIONS_MAX,
        connectTimeout: CONNECT_MS_MAX,
        pipelining: 1,
        allowH2: false,
        // The signal of each request is the only clock: a second one would end a call for no reason
        // that its edge declares.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
    } catch (cause) {
      throw notSent(`'${origin}' is not an origin such as http://host:port`, cause)
    }
  }

  async send(request: OutgoingRequest): Promise<WireResponse> {
    if (this.#requests >= REQUESTS_MAX) {
      throw notSent(
        `${this.#origin} has ${REQUESTS_MAX} requests open, which is the limit`,
        undefined,
      )
    }
    this.#requests += 1
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#origin, request, {
        resolve,
        reject,
        // Counted until the connection is free again, which may be after the caller gave up.
        ended: () => {
          this.#requests -= 1
        },
      })
      const { method, path, headers, body } = request
      this.#pool.dispatch({ method, path, headers, body: body ?? null }, exchange)
    })
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}

const NOTHING = Buffer.alloc(0)

/** What an exchange tells the channel. */
interface Settlement {
  resolve(answer: WireResponse): void
  reject(error: HoldfastError): void
  ended(): void
}

/** One request and its answer, as undici reports them. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #origin: string
  readonly #request: OutgoingRequest
  readonly #settlement: Settlement
  readonly #chunks: Buffer[] = []
  #length = 0
  #status = 0
  #headers: Readonly<Record<string, string>> = {}
  #controller: Dispatcher.DispatchController | undefined

  constructor(origin: string, request: OutgoingRequest, settlement: Settlement) {
    this.#origin = origin
    this.#request = request
    this.#settlement = settlement
    request.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** undici writes the request after this returns; what this throws ends the request unwritten. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { signal } = this.#request
    if (signal.aborted) throw notSent('the caller gave up while it waited', signal.reason)
    this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status
    const fields: Record<string, string> = {}
    for (const name in headers) {
      const value = headers[name]
      if (value !== undefined) fields[name] = typeof value === 'string' ? value : value.join(', ')
    }
    this.#headers = fields
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length
    this.#chunks.push(chunk)
    const { answerBytesMax } = this.#request
    if (this.#length <= answerBytesMax) return
    const detail = `the answer of ${this.#origin} is over the limit of ${answerBytesMax} bytes`
    controller.abort(new HoldfastError('HF_CALL_LOST', { detail }))
  }

  onResponseEnd(): void {
    this.#end()
    // Nearly every answer is one chunk, which need not be copied.
    const [only = NOTHING, ...more] = this.#chunks
    const body = more.length === 0 ? only : Buffer.concat(this.#chunks, this.#length)
    this.#settlement.resolve({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#end()
    this.#settlement.reject(this.#failure(cause))
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#request.signal
    // Before it started there is nothing to abort: `onRequestStart` will refuse to write it.
    if (this.#controller === undefined) this.#settlement.reject(this.#failure(reason))
    else this.#controller.abort(reason instanceof Error ? reason : new Error('aborted'))
  }

  #failure(cause: unknown): HoldfastError {
    if (cause instanceof HoldfastError && cause.code === 'HF_CALL_LOST') return cause
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
    if (this.#controller === undefined) return notSent(`${this.#origin}: ${reason}`, cause)
    return failure('HF_CALL_LOST', `${this.#origin}: ${reason}`, cause)
  }

  #end(): void {
    this.#request.signal.removeEventListener('abort', this.#onAbort)
    this.#settlement.ended()
  }
}

function notSent(detail: string, cause: unknown): HoldfastError {
  return failure('HF_CALL_NOT_SENT', detail, cause)
}

function failure(code: Code, detail: string, cause: unknown): HoldfastError {
  return new HoldfastError(code, { detail, cause })
}
