/**
 * Bodies on their way out: the sending half of flow control.
 *
 * Intuition: most bodies fit into the frame of their request and never come here. The others are sent in
 * turns, a chunk each, as far as the stream's window, the session's window and the connection allow; so
 * a body of a megabyte delays nobody.
 *
 * Invariants:
 *   B1. No more is sent than was granted, for each stream and for the session.
 *   B2. Nothing of a body is written before its head has left, so that a call can be taken back whole.
 *   B3. What waits in the writer stays below `waitingBytesMax` but for one chunk, whatever was granted.
 */
import { CHUNK_BYTES_MAX, frame, NUMBER_MAX, refuse } from './frame.ts'
import type { FrameWriter } from './frame-writer.ts'

interface Sending {
  readonly stream: number
  /** Where its head was written. */
  readonly place: number
  readonly body: Uint8Array
  sentBytes: number
  credit: number
}

/** The bodies of one end. */
export class Bodies {
  readonly #writer: FrameWriter
  readonly #waitingBytesMax: number
  readonly #sendings = new Map<number, Sending>()
  #streamWindow = 0
  #credit = 0

  constructor(writer: FrameWriter, waitingBytesMax: number) {
    this.#writer = writer
    this.#waitingBytesMax = waitingBytesMax
  }

  /** True if no body waits. */
  get isEmpty(): boolean {
    return this.#sendings.size === 0
  }

  /** What the other end takes, as it said first. */
  begin(streamWindow: number, sessionWindow: number): void {
    this.#streamWindow = streamWindow
    this.#credit = sessionWindow
  }

  /** How much of a body may go with its head, in the same frame. It counts as sent. */
  first(body: Uint8Array): number {
    if (this.#isFull) return 0
    const bytes = Math.min(body.length, CHUNK_BYTES_MAX, this.#streamWindow, this.#credit)
    this.#credit -= bytes
    return bytes
  }

  /** Sends the rest of a body, when its head at `place` has left and it may be. */
  rest(what: Pick<Sending, 'stream' | 'place' | 'body' | 'sentBytes'>): void {
    const credit = this.#streamWindow - what.sentBytes
    this.#sendings.set(what.stream, { ...what, credit })
  }

  /** Sends no more of this body. */
  stop(stream: number): void {
    this.#sendings.delete(stream)
  }

  /** Bytes that counted as sent were taken back. */
  retract(bytes: number): void {
    this.#credit += bytes
  }

  /** The other end takes more. @throws SessionFault if the sum is more than a number holds */
  granted(stream: number, bytes: number): void {
    if (bytes === 0) refuse('a window of 0 bytes was granted')
    if (stream === 0) {
      this.#credit += bytes
      if (this.#credit > NUMBER_MAX) refuse('the window of the session is over its limit')
    } else {
      const sending = this.#sendings.get(stream)
      if (sending !== undefined) sending.credit += bytes
      if (sending !== undefined && sending.credit > NUMBER_MAX)
        refuse('the window of a stream is over its limit')
    }
    this.pump()
  }

  /** Sends what may be sent. Whoever sent a chunk and has more goes to the end of the queue. */
  pump(): void {
    for (const sending of this.#sendings.values()) {
      if (this.#credit === 0 || this.#isFull) return
      if (sending.credit > 0 && !this.#writer.isUnsent(sending.place)) this.#sendChunk(sending)
    }
  }

  get #isFull(): boolean {
    return this.#writer.waitingBytes >= this.#waitingBytesMax
  }

  #sendChunk(sending: Sending): void {
    const { stream, body, sentBytes, credit } = sending
    const bytes = Math.min(body.length - sentBytes, CHUNK_BYTES_MAX, credit, this.#credit)
    const isLast = sentBytes + bytes === body.length
    const at = this.#writer.begin(isLast ? frame.body | frame.end : frame.body, stream, bytes)
    this.#writer.slab.set(body.subarray(sentBytes, sentBytes + bytes), at)
    sending.sentBytes += bytes
    sending.credit -= bytes
    this.#credit -= bytes
    this.#sendings.delete(stream)
    if (!isLast) this.#sendings.set(stream, sending)
  }
}
