/**
 * The callee's end of a session: requests in, answers out.
 *
 * Each request goes to the same handler as one over HTTP, with the same headers: there is one list of
 * incoming hops, whatever carried the request.
 *
 * Invariants:
 *   A1. A stream is refused only before the handler saw it, which promises that nothing was executed.
 *   A2. At most `STREAMS_MAX` handlers run, those whose caller left included: who opens and cancels
 *       streams in turns gains nothing (CVE-2023-44487).
 *   A3. Bodies that nobody reads hold at most a window; heads and bodies together at most `HELD_BYTES_MAX`.
 *   A4. After `leave` no stream is begun, and the session ends when the last answer has left.
 *   A5. A handler's signal aborts when its caller cancels, or is gone.
 */
import type { WireHandler, WireResponse } from '#world'
import { cancelReason, frame, HEAD_BYTES_MAX, leaveReason, refuse, type Settings } from './frame.ts'
import type { Frame } from './frame-reader.ts'
import { decodeRequestHead, encodeAnswerHead } from './head.ts'
import { type End, Link, type Surroundings, type Wire, WAITING_BYTES_MAX } from './link.ts'
import { Stream, STREAM_WINDOW } from './stream.ts'

/** Calls of one session at once: the most that an edge may declare, and some that were given up. */
const STREAMS_MAX = 16_384

/** What a callee takes: it says it in its first frame. */
const own: Settings = {
  streamsMax: STREAMS_MAX,
  streamWindow: STREAM_WINDOW,
  sessionWindow: 1_048_576,
}

/** Heads, and bodies that are being gathered, of one session, in bytes. */
const HELD_BYTES_MAX = 33_554_432

/** A session from one caller. */
export class Answering implements End {
  readonly link: Link
  readonly #handle: WireHandler
  readonly #wire: Wire
  /** Streams whose caller still waits. */
  readonly #streams = new Map<number, Stream>()
  readonly #onEnded: () => void
  #running = 0
  #lastStream = 0
  #heldBytes = 0
  #isLeaving = false
  #isPaused = false

  constructor(
    { handle, onEnded }: { readonly handle: WireHandler; readonly onEnded: () => void },
    wire: Wire,
    surroundings: Surroundings,
  ) {
    this.#handle = handle
    this.#onEnded = onEnded
    this.#wire = wire
    this.link = new Link(own, this, wire, surroundings)
  }

  /** Begins no further stream; ends when the open ones have. */
  leave(): void {
    if (this.#isLeaving || this.link.isOver) return
    this.#isLeaving = true
    const lastStream = this.#lastStream
    this.link.leave({ lastStream, code: leaveReason.done, reason: 'it stops' })
    this.#endIfDone()
  }

  isBusy(): boolean {
    return this.#streams.size > 0 || !this.link.bodies.isEmpty
  }

  settled(): void {}

  /** Callers leave by ending the connection. */
  left(): void {}

  flushed(): void {
    if (this.#isPaused && this.link.writer.waitingBytes < WAITING_BYTES_MAX) {
      this.#isPaused = false
      this.#wire.resume()
    }
    this.#endIfDone()
  }

  ended(reason: string): void {
    for (const stream of this.#streams.values()) stream.abandon(reason)
    this.#streams.clear()
    this.#onEnded()
  }

  take(found: Frame): void {
    const { type, stream, from, to } = found
    const isEnd = (type & frame.end) !== 0
    switch (type & ~frame.end) {
      case frame.request:
        return this.#request(found, isEnd)
      case frame.body:
        return this.#body(found, isEnd)
      case frame.cancel:
        if (to - from !== 1) refuse('a cancel frame has not one byte')
        this.link.bodies.stop(stream)
        return this.#remove(this.#streams.get(stream), 'the caller gave the call up')
      default:
        refuse(`a caller sends no frame of type ${type}`)
    }
  }

  /** A stream keeps so many bytes more. */
  kept(bytes: number): void {
    this.#heldBytes += bytes
  }

  #request({ stream, bytes, from, to }: Frame, isEnd: boolean): void {
    if (stream <= this.#lastStream) refuse(`stream ${stream} was opened after ${this.#lastStream}`)
    const bodyAt = from + 2 + (to - from < 2 ? HEAD_BYTES_MAX : bytes.readUInt16BE(from))
    if (bodyAt > to) refuse('the head of a request is longer than its frame')
    const bodyBytes = to - bodyAt
    this.link.intake.received(bodyBytes)
    // What was announced as not looked at is not looked at.
    if (this.#isLeaving) return this.link.intake.wanted(bodyBytes)
    this.#lastStream = stream
    if (this.#running >= STREAMS_MAX || this.#heldBytes > HELD_BYTES_MAX) {
      this.link.intake.wanted(bodyBytes)
      return this.link.cancel(stream, cancelReason.refused)
    }
    const head = decodeRequestHead(bytes.toString('latin1', from + 2, bodyAt))
    const opened = new Stream(stream, head, this)
    this.#streams.set(stream, opened)
    if (this.#streams.size === 1) this.link.awaits()
    this.kept(bodyAt - from)
    opened.heldBytes = bodyAt - from
    opened.append(bytes.subarray(bodyAt, to), isEnd)
    this.#run(opened)
  }

  #body({ stream, bytes, from, to }: Frame, isEnd: boolean): void {
    this.link.intake.received(to - from)
    const opened = this.#streams.get(stream)
    if (opened !== undefined) return opened.append(bytes.subarray(from, to), isEnd)
    if (stream === 0 || (stream > this.#lastStream && !this.#isLeaving))
      refuse(`stream ${stream} was never opened`)
    // It was answered before its body had come.
    this.link.intake.wanted(to - from)
  }

  #run(opened: Stream): void {
    this.#running += 1
    this.#handle(opened).then(
      (answer) => this.#answer(opened, answer),
      // A handler must not reject; one that does has broken its answer, and nothing else.
      () => this.#answer(opened, undefined),
    )
  }

  #answer(opened: Stream, answer: WireResponse | undefined): void {
    this.#running -= 1
    if (this.#streams.get(opened.stream) === opened) {
      const head = answer === undefined ? undefined : encodeAnswerHead(answer)
      if (answer === undefined || head === undefined || head.length > HEAD_BYTES_MAX)
        this.link.cancel(opened.stream, cancelReason.broken)
      else this.#write(opened.stream, head, answer.body)
      this.#remove(opened, undefined)
    }
    this.#endIfDone()
    this.#pauseIfUnread()
  }

  #write(stream: number, head: string, body: Uint8Array): void {
    const { writer, bodies } = this.link
    const bytes = bodies.first(body)
    const isWhole = bytes === body.length
    const type = isWhole ? frame.answer | frame.end : frame.answer
    const { place } = writer
    const at = writer.begin(type, stream, 2 + head.length + bytes)
    const { slab } = writer
    slab.writeUInt16BE(head.length, at)
    slab.write(head, at + 2, 'latin1')
    slab.set(isWhole ? body : body.subarray(0, bytes), at + 2 + head.length)
    if (!isWhole) bodies.rest({ stream, place, body, sentBytes: bytes })
  }

  /** The stream is over for us: what was kept for it is let go. `reason`: nobody waits for its answer. */
  #remove(opened: Stream | undefined, reason: string | undefined): void {
    if (opened === undefined) return
    this.#streams.delete(opened.stream)
    this.#heldBytes -= opened.heldBytes
    this.link.intake.wanted(opened.unwantedBytes)
    if (reason !== undefined) opened.abandon(reason)
    if (this.#streams.size === 0) this.link.awaits()
  }

  /** A caller that does not read its answers is not listened to until it does. */
  #pauseIfUnread(): void {
    if (this.#isPaused || this.link.writer.waitingBytes < WAITING_BYTES_MAX) return
    this.#isPaused = true
    this.#wire.pause()
  }

  #endIfDone(): void {
    const { writer, bodies } = this.link
    if (!this.#isLeaving || this.#streams.size > 0 || !bodies.isEmpty) return
    writer.flush()
    if (writer.waitingBytes === 0) this.link.close('it stopped')
  }
}
