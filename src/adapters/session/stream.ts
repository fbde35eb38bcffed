/**
 * One request as it comes in over a session: what a handler sees of it.
 *
 * Intuition: nearly every body lies whole in the frame of its request. For the others, the window of the
 * stream is opened further only when somebody reads, so that refusing stays cheap.
 *
 * Invariants:
 *   S1. Before `readBody` at most one window of the body is kept.
 *   S2. A body over what was asked for is refused, and no more of it is granted.
 */
import { HoldfastError } from '#errors'
import type { IncomingRequest } from '#world'
import { refuse } from './frame.ts'
import type { RequestHead } from './head.ts'
import { Intake } from './intake.ts'
import type { Link } from './link.ts'

/** Bytes of a body that nobody has asked for. */
export const STREAM_WINDOW = 65_536

/** Where a stream belongs. */
interface Owner {
  readonly link: Link
  /** It keeps so many bytes more. */
  kept(bytes: number): void
}

/** Who reads the body. */
interface Reader {
  readonly bytesMax: number
  resolve(body: Uint8Array): void
  reject(error: HoldfastError): void
}

/** A request. */
export class Stream implements IncomingRequest {
  readonly stream: number
  readonly method: string
  readonly path: string
  readonly headers: IncomingRequest['headers']
  /** What is kept for it, as its session counts it. */
  heldBytes = 0
  /** Of its body, what came and nobody wanted yet. */
  unwantedBytes = 0
  readonly #owner: Owner
  readonly #chunks: Buffer[] = []
  #length = 0
  #isComplete = false
  #isRead = false
  #reader: Reader | undefined
  #intake: Intake | undefined
  #abort: AbortController | undefined
  #abandoned: string | undefined

  constructor(stream: number, { method, path, headers }: RequestHead, owner: Owner) {
    this.stream = stream
    this.method = method
    this.path = path
    this.headers = headers
    this.#owner = owner
  }

  /** Made when somebody asks for it: it costs more than a frame. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#abandoned !== undefined) this.#abort.abort(new Error(this.#abandoned))
    }
    return this.#abort.signal
  }

  readonly readBody = (bytesMax: number): Promise<Uint8Array> => {
    if (this.#isRead) return Promise.reject(malformed('somebody else has read the body'))
    this.#isRead = true
    if (this.#length > bytesMax) return Promise.reject(this.#tooLarge(bytesMax))
    this.#want(this.unwantedBytes)
    if (this.#isComplete) return Promise.resolve(this.#whole())
    if (this.#abandoned !== undefined) return Promise.reject(this.#cutOff())
    return new Promise((resolve, reject) => {
      this.#reader = { bytesMax, resolve, reject }
    })
  }

  /** A piece of the body came. @throws SessionFault if it is more than was granted */
  append(chunk: Buffer, isEnd: boolean): void {
    const bytes = chunk.length
    if (this.#isComplete) refuse(`stream ${this.stream} has a body behind its end`)
    if (bytes > 0) this.#chunks.push(chunk)
    this.#length += bytes
    this.unwantedBytes += bytes
    this.heldBytes += bytes
    this.#owner.kept(bytes)
    this.#isComplete = isEnd
    if (!isEnd || this.#intake !== undefined) this.#received(bytes)
    const reader = this.#reader
    if (reader === undefined) return
    if (this.#length > reader.bytesMax) {
      this.#reader = undefined
      return reader.reject(this.#tooLarge(reader.bytesMax))
    }
    this.#want(bytes)
    if (isEnd) reader.resolve(this.#whole())
  }

  /** Nobody waits for the answer any more. */
  abandon(reason: string): void {
    this.#abandoned = reason
    this.#abort?.abort(new Error(reason))
    this.#reader?.reject(this.#cutOff())
    this.#reader = undefined
  }

  #received(bytes: number): void {
    this.#intake ??= new Intake(STREAM_WINDOW, (more) => {
      if (!this.#isComplete) this.#owner.link.grant(this.stream, more)
    })
    this.#intake.received(bytes)
  }

  #want(bytes: number): void {
    this.unwantedBytes -= bytes
    this.#intake?.wanted(bytes)
    this.#owner.link.intake.wanted(bytes)
  }

  #whole(): Buffer {
    const [first = Buffer.alloc(0)] = this.#chunks
    const whole = this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#length) : first
    this.#chunks.length = 0
    return whole
  }

  #tooLarge(bytesMax: number): HoldfastError {
    const detail = `${this.#length} bytes arrived, the limit is ${bytesMax}`
    return new HoldfastError('HF_BODY_TOO_LARGE', { detail })
  }

  #cutOff(): HoldfastError {
    return malformed(`the body ended after ${this.#length} bytes`)
  }
}

function malformed(detail: string): HoldfastError {
  return new HoldfastError('HF_REQUEST_MALFORMED', { detail })
}
