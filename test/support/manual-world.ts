/**
 * A world that stands still until the test moves it: one clock, one wheel of timers, seeded numbers,
 * and a network of handlers in memory.
 *
 * Invariants:
 *   M1. Time passes only in `advance` and `run`, to the moment of one timer after the other.
 *   M2. The same seed and the same calls give the same numbers.
 *   M3. What crosses the network is copied.
 */
import { setImmediate } from 'node:timers/promises'
import { HoldfastError } from '#errors'
import type {
  Address,
  Clock,
  Listener,
  Network,
  OutgoingRequest,
  Random,
  Timers,
  WireHandler,
  WireResponse,
  World,
} from '#world'

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

/** A world in the hand of a test. */
export class ManualWorld implements World {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly network: ManualNetwork = new ManualNetwork()
  readonly #timers = new Set<Timer>()
  #nowMs = 0
  #state: number

  constructor({ seed = 1 }: { readonly seed?: number } = {}) {
    this.#state = seed
    this.clock = {
      monotonicMs: () => this.#nowMs,
      wallMs: () => 1_700_000_000_000 + this.#nowMs,
    }
    this.timers = { after: (delayMs, run) => this.#after(delayMs, run) }
    this.random = {
      float: () => this.#draw() / 2 ** 32,
      bytes: (length) => Uint8Array.from({ length }, () => this.#draw() & 0xff),
    }
  }

  /** Timers that were neither run nor cancelled. */
  get timersPending(): number {
    return this.#timers.size
  }

  /** Lets `ms` pass, timer by timer, and lets everything that follows from each happen before the next. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (let due = this.#next(); due !== undefined && due.atMs <= untilMs; due = this.#next()) {
      this.#fire(due)
      // oxlint-disable-next-line no-await-in-loop -- the order of time is the point
      await settle()
    }
    this.#nowMs = untilMs
  }

  /** Lets time pass, timer by timer, until the work has ended, and gives its result. */
  async run<T>(work: Promise<T>): Promise<T> {
    const progress = { isDone: false }
    const mark = (): void => {
      progress.isDone = true
    }
    work.then(mark, mark)
    await settle()
    while (!progress.isDone) {
      const due = this.#next()
      if (due === undefined) throw new Error('the work waits for something that no timer brings')
      this.#fire(due)
      // oxlint-disable-next-line no-await-in-loop -- the order of time is the point
      await settle()
    }
    return work
  }

  #after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  #next(): Timer | undefined {
    // Timers of one moment run in the order in which they were set: sets keep that order.
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs) next = timer
    }
    return next
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    this.#nowMs = Math.max(this.#nowMs, timer.atMs)
    timer.run()
  }

  /** mulberry32: 32 bits of state, enough to be different and always the same. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- each turn may start what the next one ends
    await setImmediate()
  }
}

/** One request as it crossed the network. */
export type Sent = Omit<OutgoingRequest, 'signal'> & { readonly origin: string }

/** Handlers in memory, reached by their origin. What a handler throws is what `send` throws. */
export class ManualNetwork implements Network {
  /** Every request that was sent, in order. */
  readonly sent: Sent[] = []
  readonly #handlers = new Map<string, WireHandler>()
  #portNext = 1_024

  async send(origin: string, request: OutgoingRequest): Promise<WireResponse> {
    const { signal, ...sent } = request
    this.sent.push({ ...sent, origin })
    const handler = this.#handlers.get(origin)
    if (handler === undefined || signal.aborted) {
      throw new HoldfastError('HF_CALL_NOT_SENT', { detail: `nobody listens at ${origin}` })
    }
    const answer = await Promise.race([lost(signal), handler(arriving(request))])
    if (answer.body.length <= request.answerBytesMax) {
      return { ...answer, body: Uint8Array.from(answer.body) }
    }
    throw new HoldfastError('HF_CALL_LOST', { detail: `over ${request.answerBytesMax} bytes` })
  }

  async listen({ host, port }: Address, handler: WireHandler): Promise<Listener> {
    const taken = port === 0 ? (this.#portNext += 1) : port
    const origin = `http://${host}:${taken}`
    if (this.#handlers.has(origin)) {
      throw new HoldfastError('HF_PORT_IN_USE', { detail: `port ${taken} of ${host} is taken` })
    }
    let open = 0
    let emptied: (() => void) | undefined
    this.#handlers.set(origin, async (request) => {
      open += 1
      try {
        return await handler(request)
      } finally {
        open -= 1
        if (open === 0) emptied?.()
      }
    })
    const close = async (): Promise<void> => {
      this.#handlers.delete(origin)
      if (open === 0) return
      await new Promise<void>((resolve) => {
        emptied = resolve
      })
    }
    return { origin, close }
  }
}

/** The request as the handler sees it. */
function arriving({
  method,
  path,
  headers,
  body,
  signal,
}: OutgoingRequest): Parameters<WireHandler>[0] {
  const bytes = Uint8Array.from(body ?? [])
  return {
    method,
    path,
    headers: { ...headers },
    readBody: async (bytesMax) => {
      if (bytes.length <= bytesMax) return bytes
      throw new HoldfastError('HF_BODY_TOO_LARGE', {
        detail: `${bytes.length} bytes, the limit is ${bytesMax}`,
      })
    },
    signal,
  }
}

function lost(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void =>
      reject(
        new HoldfastError('HF_CALL_LOST', { detail: 'the caller gave up', cause: signal.reason }),
      )
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
