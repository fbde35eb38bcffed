/**
 * Frames into bytes, written together at the end of each turn of the event loop, and taken back as long
 * as they were not.
 *
 * Intuition: a system call costs more than a call of a service. So all frames of one turn are laid side
 * by side in one slab and given to the connection as one piece. A slab is never written twice, so what
 * the connection still holds stays as it was.
 *
 * Invariants:
 *   W1. What was not given to the connection was not sent: `isUnsent` is exact.
 *   W2. While the connection takes no more, nothing is given to it; what waits is counted in
 *       `waitingBytes`, and its bound is kept by whoever writes.
 */
import { assert } from '#errors'
import { FRAME_HEADER_BYTES, frame, PAYLOAD_BYTES_MAX } from './frame.ts'

/** Where bytes go. `false` asks to wait until `drained` is called. */
export type Give = (bytes: Buffer) => boolean

/** A slab holds about a hundred small frames. */
const SLAB_BYTES = 65_536

/** The unsent part of a slab that is full. */
interface Piece {
  readonly bytes: Buffer
  /** How many bytes were written before its first one, since the session began. */
  readonly place: number
}

/** Writes frames. */
export class FrameWriter {
  readonly #give: Give
  readonly #atEndOfTurn: (run: () => void) => void
  readonly #pieces: Piece[] = []
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  /** The first byte of the slab that was not given away, and the first that is free. */
  #from = 0
  #at = 0
  #writtenBytes = 0
  #sentBytes = 0
  #isScheduled = false
  #isBlocked = false

  constructor(give: Give, atEndOfTurn: (run: () => void) => void) {
    this.#give = give
    this.#atEndOfTurn = atEndOfTurn
  }

  /** Where the payload of the frame begun last is written. */
  get slab(): Buffer {
    return this.#slab
  }

  /** Bytes of frames that the connection has not taken. */
  get waitingBytes(): number {
    return this.#writtenBytes - this.#sentBytes
  }

  /** Where the next frame will begin: the name by which it can be asked for and taken back. */
  get place(): number {
    return this.#writtenBytes
  }

  /** True if no byte of the frame that begins at this place was given to the connection. */
  isUnsent(place: number): boolean {
    return place >= this.#sentBytes
  }

  /** Makes a frame mean nothing. False if it was sent. */
  retract(place: number): boolean {
    if (!this.isUnsent(place)) return false
    const piece = this.#pieces.find(
      (each) => place >= each.place && place < each.place + each.bytes.length,
    )
    const bytes = piece?.bytes ?? this.#slab
    const begin =
      piece === undefined ? this.#at - (this.#writtenBytes - place) : place - piece.place
    bytes[begin + 3] = frame.padding
    return true
  }

  /** Begins a frame; gives where in `slab` its payload belongs, which is to be written at once. */
  begin(type: number, stream: number, payloadBytes: number): number {
    assert(payloadBytes <= PAYLOAD_BYTES_MAX, 'F1: a frame is no longer than its limit')
    const bytes = FRAME_HEADER_BYTES + payloadBytes
    if (this.#slab.length - this.#at < bytes) this.#renew()
    const begin = this.#at
    this.#slab.writeUIntBE(payloadBytes, begin, 3)
    this.#slab[begin + 3] = type
    this.#slab.writeUInt32BE(stream, begin + 4)
    this.#at += bytes
    this.#writtenBytes += bytes
    if (!this.#isScheduled) {
      this.#isScheduled = true
      this.#atEndOfTurn(this.#endOfTurn)
    }
    return begin + FRAME_HEADER_BYTES
  }

  /** Gives all that waits to the connection, unless that takes no more. */
  flush(): void {
    while (!this.#isBlocked) {
      const piece = this.#pieces.shift()
      if (piece === undefined) break
      this.#send(piece.bytes)
    }
    if (this.#isBlocked || this.#at === this.#from) return
    const bytes = this.#slab.subarray(this.#from, this.#at)
    this.#from = this.#at
    this.#send(bytes)
  }

  /** The connection takes bytes again. */
  drained(): void {
    this.#isBlocked = false
    this.flush()
  }

  readonly #endOfTurn = (): void => {
    this.#isScheduled = false
    this.flush()
  }

  #send(bytes: Buffer): void {
    this.#sentBytes += bytes.length
    this.#isBlocked = !this.#give(bytes)
  }

  #renew(): void {
    if (this.#at > this.#from) {
      const bytes = this.#slab.subarray(this.#from, this.#at)
      this.#pieces.push({ bytes, place: this.#writtenBytes - bytes.length })
    }
    this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.#from = 0
    this.#at = 0
  }
}
