/**
 * The caller's end of a session: calls out, answers in.
 *
 * Invariants:
 *   C1. A call ends once: with its answer, as not sent, or as lost. It is not sent only if no byte of its
 *       request was given to the connection, or the callee promised not to execute it.
 *   C2. A call that is given up is taken back if it was not sent; else the callee is told.
 *   C3. At most as many calls are open as the callee takes; more are refused, not queued.
 *   C4. Answers that are not complete hold at most `ANSWERS_BYTES_MAX`, each at most what its caller said.
 */
import { type Code, HoldfastError } from '#errors'
import type { OutgoingRequest, WireResponse } from '#world'
import { cancelReason, frame, HEAD_BYTES_MAX, NUMBER_MAX, refuse, type Settings } from './frame.ts'
import type { Frame } from './frame-reader.ts'
import { decodeAnswerHead, encodeRequestHead } from './head.ts'
import { Intake } from './intake.ts'
import { type End, Link, type Surroundings, type Wire, WAITING_BYTES_MAX } from './link.ts'

/** What a caller takes: it says it in its first frame. */
const own: Settings = { streamsMax: 1, streamWindow: 262_144, sessionWindow: 4_194_304 }

/** Answers that have begun and not ended, in bytes. */
const ANSWERS_BYTES_MAX = 67_108_864

/** Requests that wait for the connection: over it, calls are refused, in bytes. */
const UNSENT_BYTES_MAX = 8 * WAITING_BYTES_MAX

/** What becomes of a session, for whoever keeps it. */
export interface CallingEvents {
  /** The callee has said what it takes: calls may be sent. */
  ready(): void
  /** No further call can be sent. Open ones go on unless the connection is gone. */
  closing(): void
}

/** A session to one callee. */
export class Calling implements End {
  readonly link: Link
  readonly #name: string
  readonly #events: CallingEvents
  readonly #calls = new Map<number, Call>()
  #streamsMax = 0
  #lastStream = 0
  #answersBytes = 0
  #isClosing = false

  constructor(name: string, events: CallingEvents, wire: Wire, surroundings: Surroundings) {
    this.#name = name
    this.#events = events
    this.link = new Link(own, this, wire, surroundings)
  }

  /** True while a call can be sent. */
  get isOpen(): boolean {
    return !this.#isClosing && this.#streamsMax > 0 && this.#lastStream < NUMBER_MAX
  }

  /** Sends a request and reads the whole answer. @throws HF_CALL_NOT_SENT, HF_CALL_LOST */
  send(request: OutgoingRequest): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      const { signal } = request
      if (signal.aborted) return reject(notSent('the caller gave up before', signal.reason))
      const refusal = this.#refusal()
      const head = refusal === undefined ? encodeRequestHead(request) : ''
      if (refusal !== undefined) return reject(notSent(refusal, undefined))
      if (head === undefined || head.length > HEAD_BYTES_MAX) {
        return reject(notSent(`${this.#name}: ${badHead(head)}`, undefined))
      }
      const call = new Call(this, { stream: this.#lastStream + 1, request, resolve, reject })
      this.#lastStream = call.stream
      this.#calls.set(call.stream, call)
      this.#write(call, head)
      signal.addEventListener('abort', call, { once: true })
      if (this.#calls.size === 1) this.link.awaits()
    })
  }

  /** Sends no more calls; ends when the open ones have. */
  retire(): void {
    this.#close()
    if (this.#calls.size === 0) this.link.close('it was retired')
  }

  /** Ends it if nothing is under way. */
  retireIfIdle(): void {
    if (this.#calls.size === 0) this.retire()
  }

  isBusy(): boolean {
    return this.#calls.size > 0
  }

  settled({ streamsMax }: Settings): void {
    this.#streamsMax = streamsMax
    this.#events.ready()
  }

  /** The callee will not look at the streams behind the last: it promises that nothing happened. */
  left(lastStream: number, reason: string): void {
    this.#close()
    for (const call of this.#calls.values()) {
      if (call.stream > lastStream) this.#fail(call, 'HF_CALL_NOT_SENT', `it leaves: ${reason}`)
    }
    this.#closeIfDone()
  }

  ended(reason: string): void {
    this.#close()
    for (const call of this.#calls.values()) {
      const isUnsent = this.link.writer.retract(call.place)
      this.#fail(call, isUnsent ? 'HF_CALL_NOT_SENT' : 'HF_CALL_LOST', reason)
    }
  }

  flushed(): void {}

  take(found: Frame): void {
    const { type, stream, from, to } = found
    const isEnd = (type & frame.end) !== 0
    if (stream === 0 || stream > this.#lastStream) refuse(`stream ${stream} was never opened`)
    const call = this.#calls.get(stream)
    switch (type & ~frame.end) {
      case frame.answer:
        return this.#answer(found, call, isEnd)
      case frame.body:
        this.link.intake.received(to - from)
        this.link.intake.wanted(to - from)
        if (call !== undefined) this.#more(call, found, from, isEnd)
        return
      case frame.cancel:
        if (call !== undefined) this.#cancelled(call, found.bytes[from])
        return
      default:
        refuse(`a callee sends no frame of type ${type}`)
    }
  }

  /** The caller's signal aborted. */
  giveUp(call: Call): void {
    const { writer, bodies } = this.link
    const { signal } = call.request
    const reason = signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
    bodies.stop(call.stream)
    if (writer.retract(call.place)) {
      bodies.retract(call.firstBytes)
      this.#fail(call, 'HF_CALL_NOT_SENT', reason, signal.reason)
      return
    }
    this.link.cancel(call.stream, cancelReason.unwanted)
    // Who has said nothing at all since this was sent may be gone: the others should not wait as long.
    if (call.receipts === this.link.receipts) this.link.ping()
    this.#fail(call, 'HF_CALL_LOST', reason, signal.reason)
  }

  #refusal(): string | undefined {
    if (!this.isOpen) return `${this.#name}: the session is closing`
    if (this.#calls.size >= this.#streamsMax) {
      return `${this.#name} has ${this.#calls.size} calls open, which is the limit`
    }
    if (this.link.writer.waitingBytes > UNSENT_BYTES_MAX) {
      return `${this.#name} does not read: ${UNSENT_BYTES_MAX} bytes wait, which is the limit`
    }
    return undefined
  }

  /** The request with as much of its body as may go at once. */
  #write(call: Call, head: string): void {
    const { writer, bodies } = this.link
    const { body } = call.request
    const bytes = body === undefined ? 0 : bodies.first(body)
    const isWhole = body === undefined || bytes === body.length
    call.place = writer.place
    call.firstBytes = bytes
    call.receipts = this.link.receipts
    const type = isWhole ? frame.request | frame.end : frame.request
    const at = writer.begin(type, call.stream, 2 + head.length + bytes)
    const { slab } = writer
    slab.writeUInt16BE(head.length, at)
    slab.write(head, at + 2, 'latin1')
    if (body === undefined) return
    slab.set(isWhole ? body : body.subarray(0, bytes), at + 2 + head.length)
    if (!isWhole) bodies.rest({ stream: call.stream, place: call.place, body, sentBytes: bytes })
  }

  #answer(found: Frame, call: Call | undefined, isEnd: boolean): void {
    const { bytes, from, to } = found
    const bodyAt = from + 2 + (to - from < 2 ? HEAD_BYTES_MAX : bytes.readUInt16BE(from))
    if (bodyAt > to) refuse('the head of an answer is longer than its frame')
    this.link.intake.received(to - bodyAt)
    this.link.intake.wanted(to - bodyAt)
    if (call === undefined) return
    if (call.head !== undefined) refuse(`stream ${call.stream} was answered twice`)
    call.head = decodeAnswerHead(bytes.toString('latin1', from + 2, bodyAt))
    this.#more(call, found, bodyAt, isEnd)
  }

  /** A piece of an answer's body. */
  #more(call: Call, { bytes, to }: Frame, from: number, isEnd: boolean): void {
    const { head, request } = call
    if (head === undefined) refuse(`stream ${call.stream} has a body without a head`)
    const chunk = bytes.subarray(from, to)
    if (call.length + chunk.length > request.answerBytesMax) {
      return this.#drop(call, `the answer is over the limit of ${request.answerBytesMax} bytes`)
    }
    if (isEnd && call.chunks === undefined) return this.#done(call, { ...head, body: chunk })
    call.chunks ??= {
      list: [],
      intake: new Intake(own.streamWindow, (more) => this.#grant(call, more)),
    }
    call.chunks.list.push(chunk)
    call.length += chunk.length
    this.#answersBytes += chunk.length
    if (isEnd) {
      return this.#done(call, { ...head, body: Buffer.concat(call.chunks.list, call.length) })
    }
    if (this.#answersBytes > ANSWERS_BYTES_MAX) {
      return this.#drop(call, `all answers together are over ${ANSWERS_BYTES_MAX} bytes`)
    }
    call.chunks.intake.received(chunk.length)
    call.chunks.intake.wanted(chunk.length)
  }

  #grant(call: Call, bytes: number): void {
    this.link.grant(call.stream, bytes)
  }

  #cancelled(call: Call, reason: number | undefined): void {
    if (reason === cancelReason.refused) {
      return this.#fail(call, 'HF_CALL_NOT_SENT', 'it refused the call, and has not executed it')
    }
    this.#fail(call, 'HF_CALL_LOST', 'it broke the answer off')
  }

  #drop(call: Call, reason: string): void {
    this.link.cancel(call.stream, cancelReason.unwanted)
    this.#fail(call, 'HF_CALL_LOST', reason)
  }

  #done(call: Call, answer: WireResponse): void {
    this.#forget(call)
    call.resolve(answer)
    this.#closeIfDone()
  }

  #fail(call: Call, code: Code, reason: string, cause?: unknown): void {
    this.#forget(call)
    call.reject(new HoldfastError(code, { detail: `${this.#name}: ${reason}`, cause }))
    this.#closeIfDone()
  }

  #forget(call: Call): void {
    this.#calls.delete(call.stream)
    this.#answersBytes -= call.length
    call.request.signal.removeEventListener('abort', call)
    this.link.bodies.stop(call.stream)
    if (this.#calls.size === 0) this.link.awaits()
  }

  #close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#events.closing()
  }

  #closeIfDone(): void {
    if (this.#isClosing && this.#calls.size === 0) this.link.close('its last call has ended')
  }
}

/** One call under way. It listens to its own signal, which costs no closure. */
class Call {
  readonly stream: number
  readonly request: OutgoingRequest
  readonly resolve: (answer: WireResponse) => void
  readonly reject: (error: HoldfastError) => void
  readonly #owner: Calling
  /** Where its request was written, and how much of its body stands there. */
  place = 0
  firstBytes = 0
  /** The link's receipts when it was written. */
  receipts = 0
  head: Omit<WireResponse, 'body'> | undefined
  chunks: { readonly list: Buffer[]; readonly intake: Intake } | undefined
  /** Bytes in the chunks. */
  length = 0

  constructor(
    owner: Calling,
    { stream, request, resolve, reject }: Pick<Call, 'stream' | 'request' | 'resolve' | 'reject'>,
  ) {
    this.#owner = owner
    this.stream = stream
    this.request = request
    this.resolve = resolve
    this.reject = reject
  }

  handleEvent(): void {
    this.#owner.giveUp(this)
  }
}

function badHead(head: string | undefined): string {
  return head === undefined
    ? 'a header holds what no header may hold'
    : `the headers are ${head.length} bytes, the limit is ${HEAD_BYTES_MAX}`
}

function notSent(detail: string, cause: unknown): HoldfastError {
  return new HoldfastError('HF_CALL_NOT_SENT', { detail, cause })
}
