/**
 * Both ends of a session with a connection in memory between them, cut as the test says.
 *
 * Invariants:
 *   P1. Nothing moves but in `move`; nothing waits for real time.
 *   P2. What crosses is copied, in pieces of the size that the test chose.
 */
import { setImmediate } from 'node:timers/promises'
import type { OutgoingRequest, WireHandler } from '#world'
import { Answering } from '../../src/adapters/session/answering.ts'
import { Calling } from '../../src/adapters/session/calling.ts'
import type { Link, Wire } from '../../src/adapters/session/link.ts'
import { ManualWorld } from './manual-world.ts'

/** One direction of a connection, as the writing end sees it. */
export class MemoryWire implements Wire {
  /** Written and not yet moved. */
  readonly waiting: Buffer[] = []
  /** All that was ever written. */
  readonly log: Buffer[] = []
  isEnded = false
  isDestroyed = false
  isPaused = false
  isHeld = true
  /** Once so many bytes wait, the connection asks to wait. */
  takesBytes = Infinity

  write(bytes: Buffer): boolean {
    this.waiting.push(Buffer.from(bytes))
    this.log.push(Buffer.from(bytes))
    return this.waitingBytes < this.takesBytes
  }

  get waitingBytes(): number {
    return this.waiting.reduce((sum, each) => sum + each.length, 0)
  }

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.isDestroyed = true
    this.waiting.length = 0
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld
  }
}

/** A session in the hand of a test. */
export class SessionPair {
  readonly world: ManualWorld = new ManualWorld()
  readonly toCallee: MemoryWire = new MemoryWire()
  readonly toCaller: MemoryWire = new MemoryWire()
  readonly calling: Calling
  readonly answering: Answering
  readonly #turns: (() => void)[] = []
  readonly #pieceBytes: number

  constructor(
    handle: WireHandler,
    { pieceBytes = Infinity }: { readonly pieceBytes?: number } = {},
  ) {
    this.#pieceBytes = pieceBytes
    const atEndOfTurn = (run: () => void): void => void this.#turns.push(run)
    const surroundings = { clock: this.world.clock, timers: this.world.timers, atEndOfTurn }
    const events = { ready: (): void => {}, closing: (): void => {} }
    this.calling = new Calling('callee', events, this.toCallee, surroundings)
    this.answering = new Answering({ handle, onEnded: () => {} }, this.toCaller, surroundings)
  }

  /** Lets everything happen that follows from what happened, until nothing moves. */
  async move(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    while (await this.turn());
  }

  /** One turn of the event loop on both sides; true if something moved. */
  async turn(): Promise<boolean> {
    for (const run of this.#turns.splice(0)) run()
    const toCallee = this.#carry(this.toCallee, this.answering.link, this.calling.link)
    const toCaller = this.#carry(this.toCaller, this.calling.link, this.answering.link)
    await setImmediate()
    return toCallee || toCaller || this.#turns.length > 0
  }

  /** From now on nothing arrives anywhere, and nobody is told. */
  blackHole(): void {
    this.toCallee.isPaused = true
    this.toCaller.isPaused = true
  }

  #carry(wire: MemoryWire, to: Link, from: Link): boolean {
    const other = wire === this.toCallee ? this.toCaller : this.toCallee
    if (other.isPaused || wire.waiting.length === 0) return false
    const bytes = Buffer.concat(wire.waiting.splice(0))
    const pieceBytes = Math.min(this.#pieceBytes, bytes.length)
    for (let at = 0; at < bytes.length; at += pieceBytes)
      to.receive(bytes.subarray(at, at + pieceBytes))
    from.drained()
    if (wire.isEnded && wire.waiting.length === 0) to.lost('the other end closed the connection')
    return true
  }
}

/** A request, with what matters to the test. */
export function sessionRequest(over: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'POST',
    path: '/payments/authorize',
    headers: { 'content-type': 'application/json', 'x-mine': 'a b' },
    body: Buffer.from('{"cents":5}'),
    signal: new AbortController().signal,
    answerBytesMax: 10_000_000,
    ...over,
  }
}
