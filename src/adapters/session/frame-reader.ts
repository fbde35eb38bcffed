/**
 * Frames out of a stream of bytes, however it was cut.
 *
 * Intuition: nearly every frame lies whole in one chunk and is read where it lies. Only a frame that a
 * chunk cuts is gathered elsewhere, in a place that is as long as the frame and no longer.
 *
 * Invariants:
 *   R1. The same bytes give the same frames, in whatever chunks they come.
 *   R2. What is kept between two chunks is at most one frame.
 *   R3. A frame that announces more than `PAYLOAD_BYTES_MAX` is a fault before any of it is kept.
 */
import { FRAME_HEADER_BYTES, PAYLOAD_BYTES_MAX, refuse } from './frame.ts'

/** One frame; its payload is `bytes` from `from` up to `to`, and is not kept beyond the call. */
export interface Frame {
  readonly type: number
  readonly stream: number
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
}

/** Cuts frames. `take` is called for each, in order; what it throws ends the reading. */
export class FrameReader {
  readonly #take: (frame: Frame) => void
  /** A frame that a chunk has cut; as long as what is known of it asks for. */
  #partial = Buffer.alloc(0)
  #gathered = 0
  #isStopped = false

  constructor(take: (frame: Frame) => void) {
    this.#take = take
  }

  /** True between the first and the last byte of a frame. */
  get isWithinFrame(): boolean {
    return this.#gathered > 0
  }

  /** Reads no more: also not the frames that lie behind the one being taken. */
  stop(): void {
    this.#isStopped = true
  }

  /** Takes the frames that end in this chunk. @throws SessionFault, and what `take` throws */
  read(chunk: Buffer): void {
    let at = this.#gathered > 0 ? this.#gather(chunk) : 0
    while (!this.#isStopped && chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + frameBytes(chunk, at)
      if (end > chunk.length) break
      this.#emit(chunk, at, end)
      at = end
    }
    if (at < chunk.length && !this.#isStopped) this.#keep(chunk, at)
  }

  /** Adds to the partial frame what it lacks, and gives the place behind that. */
  #gather(chunk: Buffer): number {
    let at = this.#fill(chunk, 0)
    if (this.#gathered === FRAME_HEADER_BYTES && this.#partial.length === FRAME_HEADER_BYTES) {
      const whole = Buffer.allocUnsafe(frameBytes(this.#partial, 0))
      this.#partial.copy(whole)
      this.#partial = whole
      at = this.#fill(chunk, at)
    }
    if (this.#gathered < this.#partial.length || this.#gathered < FRAME_HEADER_BYTES) return at
    this.#gathered = 0
    this.#emit(this.#partial, 0, this.#partial.length)
    return at
  }

  /** Keeps the beginning of a frame: the whole of its place, or eight bytes while its length is unknown. */
  #keep(chunk: Buffer, at: number): void {
    const isKnown = chunk.length - at >= FRAME_HEADER_BYTES
    this.#partial = Buffer.allocUnsafe(isKnown ? frameBytes(chunk, at) : FRAME_HEADER_BYTES)
    this.#fill(chunk, at)
  }

  #fill(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#partial, this.#gathered, at)
    this.#gathered += copied
    return at + copied
  }

  #emit(bytes: Buffer, at: number, to: number): void {
    const type = bytes[at + 3] ?? 0
    const stream = bytes.readUInt32BE(at + 4)
    this.#take({ type, stream, bytes, from: at + FRAME_HEADER_BYTES, to })
  }
}

/** The length of the frame that begins here, its header included. */
function frameBytes(bytes: Buffer, at: number): number {
  const payload = bytes.readUIntBE(at, 3)
  if (payload > PAYLOAD_BYTES_MAX)
    refuse(`a frame announces ${payload} bytes, the limit is ${PAYLOAD_BYTES_MAX}`)
  return FRAME_HEADER_BYTES + payload
}
