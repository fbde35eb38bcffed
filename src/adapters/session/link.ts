/**
 * One connection as both ends of a session see it: frames in and out, silence, faults and the end.
 *
 * The two ends differ in what a stream is to them (`calling.ts`, `answering.ts`); what they share is
 * here. Nothing here opens a socket: bytes come in by `receive`, go out through a `Wire`, and time is
 * asked of the clock that is given.
 *
 * Intuition: a connection whose other end is gone looks exactly like one on which nobody speaks. So who
 * waits for something and hears nothing asks, and who then hears nothing hangs up.
 *
 * Invariants:
 *   L1. While something is awaited, silence ends the session within `SILENCE_MS_MAX + PONG_MS_MAX`
 *       and one look.
 *   L2. A fault is told to the other end before the connection ends, and `End.ended` runs once.
 *   L3. While nothing is awaited, no timer runs.
 */
import type { Clock, Timers } from '#world'
import { Bodies } from './bodies.ts'
import { frame, leaveReason, refuse, SessionFault, type Settings, SETTINGS_BYTES } from './frame.ts'
import { type Frame, FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { Intake } from './intake.ts'

/** What a session needs of a connection. */
export interface Wire {
  /** `false` asks to wait for `drained`. */
  write(bytes: Buffer): boolean
  /** Ends it when all that was written has left. */
  end(): void
  /** Ends it now. */
  destroy(): void
  pause(): void
  resume(): void
  /** Whether the process shall stay alive for it. */
  hold(isHeld: boolean): void
}

/** Where a session lives. */
export interface Surroundings {
  readonly clock: Clock
  readonly timers: Timers
  /** Runs something when this turn of the event loop has nothing else to do. */
  readonly atEndOfTurn: (run: () => void) => void
}

/** One end of a session, above its link. */
export interface End {
  /** A frame of a stream. @throws SessionFault */
  take(frame: Frame): void
  /** The other end has said what it takes. */
  settled(settings: Settings): void
  /** The other end takes no stream behind this one. */
  left(lastStream: number, reason: string): void
  /** True while something is awaited. */
  isBusy(): boolean
  /** What waited was given to the connection, as far as it takes it. */
  flushed(): void
  /** The connection is gone. `reason` says why, for people. */
  ended(reason: string): void
}

/** Nothing was heard for so long, in ms: ask. */
const SILENCE_MS_MAX = 10_000
/** Nothing was heard after that for so long, in ms: hang up. */
const PONG_MS_MAX = 5_000
/** A frame that takes longer, in ms, is a sender who wants to be waited for. */
const FRAME_MS_MAX = 30_000
/** How often silence is looked for, in ms. */
const LOOK_MS = 1_000
/** Bytes that wait for the connection: over it no body is sent, and nothing new is begun. */
export const WAITING_BYTES_MAX = 1_048_576
/** Who lets us wait with so many bytes does not read at all. */
const UNREAD_BYTES_MAX = 16 * WAITING_BYTES_MAX

/** One connection. */
export class Link {
  readonly writer: FrameWriter
  readonly bodies: Bodies
  readonly intake: Intake
  readonly #wire: Wire
  readonly #end: End
  readonly #at: Surroundings
  readonly #reader = new FrameReader((each) => this.#take(each))
  #isSettled = false
  #isOver = false
  #isHeld = true
  /** How often something was heard. */
  #receipts = 0
  #heardMs: number
  #pingedMs: number | undefined
  #frameSinceMs: number | undefined
  #cancelLook: (() => void) | undefined

  constructor(own: Settings, end: End, wire: Wire, surroundings: Surroundings) {
    this.#wire = wire
    this.#end = end
    this.#at = surroundings
    this.#heardMs = surroundings.clock.monotonicMs()
    const atEndOfTurn = (run: () => void): void =>
      surroundings.atEndOfTurn(() => {
        run()
        this.bodies.pump()
        if (!this.#isOver) this.#end.flushed()
      })
    this.writer = new FrameWriter((bytes) => wire.write(bytes), atEndOfTurn)
    this.bodies = new Bodies(this.writer, WAITING_BYTES_MAX)
    this.intake = new Intake(own.sessionWindow, (bytes) => this.grant(0, bytes))
    const at = this.writer.begin(frame.settings, 0, SETTINGS_BYTES)
    this.writer.slab.writeUInt32BE(own.streamsMax, at)
    this.writer.slab.writeUInt32BE(own.streamWindow, at + 4)
    this.writer.slab.writeUInt32BE(own.sessionWindow, at + 8)
  }

  /** True once nothing more comes or goes. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** A number that changes whenever something is heard. */
  get receipts(): number {
    return this.#receipts
  }

  /** Bytes came. */
  receive(chunk: Buffer): void {
    if (this.#isOver) return
    this.#receipts += 1
    this.#heardMs = this.#at.clock.monotonicMs()
    this.#pingedMs = undefined
    try {
      this.#reader.read(chunk)
    } catch (error) {
      if (!(error instanceof SessionFault)) throw error
      this.fail(error.message)
      return
    }
    this.#frameSinceMs = this.#reader.isWithinFrame
      ? (this.#frameSinceMs ?? this.#heardMs)
      : undefined
    this.awaits()
  }

  /** The connection takes bytes again. */
  drained(): void {
    if (this.#isOver) return
    this.writer.drained()
    this.bodies.pump()
    this.#end.flushed()
  }

  /** The connection is gone. */
  lost(reason: string): void {
    if (this.#isOver) return
    this.#finish(reason)
    this.#wire.destroy()
  }

  /** Ends the session because of what the other end did, and tells it. */
  fail(reason: string): void {
    if (this.#isOver) return
    this.#finish(reason)
    this.leave({ lastStream: 0, code: leaveReason.fault, reason })
    this.writer.flush()
    this.#wire.end()
  }

  /** Ends the session when all that was written has left. */
  close(reason: string): void {
    if (this.#isOver) return
    this.#finish(reason)
    this.writer.flush()
    this.#wire.end()
  }

  #finish(reason: string): void {
    this.#isOver = true
    this.#reader.stop()
    this.#cancelLook?.()
    this.#end.ended(reason)
  }

  /** Says that no stream behind `lastStream` will be taken. */
  leave(what: {
    readonly lastStream: number
    readonly code: number
    readonly reason: string
  }): void {
    const text = Buffer.from(what.reason.slice(0, 200), 'utf8')
    const at = this.writer.begin(frame.leave, 0, 5 + text.length)
    this.writer.slab.writeUInt32BE(what.lastStream, at)
    this.writer.slab[at + 4] = what.code
    this.writer.slab.set(text, at + 5)
  }

  /** Gives up a stream. */
  cancel(stream: number, reason: number): void {
    this.writer.slab[this.writer.begin(frame.cancel, stream, 1)] = reason
  }

  /** Grants the other end more of a stream, or of the session (stream 0). */
  grant(stream: number, bytes: number): void {
    const at = this.writer.begin(frame.window, stream, 4)
    this.writer.slab.writeUInt32BE(bytes, at)
  }

  /** Asks whether anybody is there; who does not answer is gone. */
  ping(): void {
    if (this.#pingedMs !== undefined || this.#isOver) return
    this.#pingedMs = this.#at.clock.monotonicMs()
    this.writer.begin(frame.ping, 0, 0)
    this.awaits()
  }

  /** Something is awaited, or no longer. */
  awaits(): void {
    const isBusy = this.#isBusy()
    if (isBusy !== this.#isHeld) {
      this.#isHeld = isBusy
      this.#wire.hold(isBusy)
    }
    if (!isBusy || this.#cancelLook !== undefined || this.#isOver) return
    // Before now nobody listened for anything, so that silence begins here.
    this.#heardMs = Math.max(this.#heardMs, this.#at.clock.monotonicMs())
    this.#cancelLook = this.#at.timers.after(LOOK_MS, () => this.#look())
  }

  #isBusy(): boolean {
    return this.#end.isBusy() || this.#pingedMs !== undefined || this.#frameSinceMs !== undefined
  }

  #look(): void {
    this.#cancelLook = undefined
    if (!this.#isBusy()) return
    const nowMs = this.#at.clock.monotonicMs()
    if (this.#pingedMs !== undefined && nowMs - this.#pingedMs >= PONG_MS_MAX) {
      return this.lost(`nothing was heard for ${PONG_MS_MAX} ms after a ping`)
    }
    if (this.#frameSinceMs !== undefined && nowMs - this.#frameSinceMs >= FRAME_MS_MAX) {
      return this.fail(`a frame took longer than ${FRAME_MS_MAX} ms`)
    }
    this.#cancelLook = this.#at.timers.after(LOOK_MS, () => this.#look())
    if (nowMs - this.#heardMs >= SILENCE_MS_MAX) this.ping()
  }

  #take(found: Frame): void {
    const { type, stream, bytes, from, to } = found
    if (!this.#isSettled && type !== frame.settings) refuse('the first frame is not the settings')
    switch (type) {
      case frame.padding:
      case frame.pong:
        return
      case frame.settings:
        return this.#settle(found)
      case frame.window:
        if (to - from !== 4) refuse(`a window frame has ${to - from} bytes, not 4`)
        return this.bodies.granted(stream, bytes.readUInt32BE(from))
      case frame.ping:
        this.writer.begin(frame.pong, 0, 0)
        if (this.writer.waitingBytes > UNREAD_BYTES_MAX) refuse('nothing that was sent is read')
        return
      case frame.leave:
        if (to - from < 5) refuse(`a leave frame has ${to - from} bytes, not 5 or more`)
        return this.#end.left(bytes.readUInt32BE(from), bytes.toString('utf8', from + 5, to))
      default:
        this.#end.take(found)
    }
  }

  #settle({ bytes, from, to }: Frame): void {
    if (this.#isSettled) refuse('the settings came twice')
    if (to - from < SETTINGS_BYTES) refuse(`the settings have ${to - from} bytes, not 12 or more`)
    const settings = {
      streamsMax: bytes.readUInt32BE(from),
      streamWindow: bytes.readUInt32BE(from + 4),
      sessionWindow: bytes.readUInt32BE(from + 8),
    }
    for (const value of Object.values(settings)) {
      if (value < 1 || value > 2 ** 31 - 1) refuse(`the settings hold ${value}, not 1 to 2^31 - 1`)
    }
    this.#isSettled = true
    this.bodies.begin(settings.streamWindow, settings.sessionWindow)
    this.#end.settled(settings)
  }
}
