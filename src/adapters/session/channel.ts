/**
 * The session to one origin: found when it is first needed, replaced before it is old, given up where
 * nobody wants one.
 *
 * Intuition: a session is an agreement, and HTTP is what there is without one. So nothing fails for want
 * of a session: who refuses it is asked over HTTP, and asked again for a session later.
 *
 * Invariants:
 *   N1. One session carries new calls, and at most one is being agreed on.
 *   N2. A call waits for the agreement, no longer than its own signal; it is not sent meanwhile.
 *   N3. A refusal is remembered for `REFUSED_MS`, and no longer.
 */
import { HoldfastError } from '#errors'
import { type Clock, nodeRandom, type OutgoingRequest, type WireResponse } from '#world'
import { Calling } from './calling.ts'
import { dial, type Dialled } from './dial.ts'
import { join, surroundings, wireOver } from './socket-wire.ts'

/** Who refused is asked over HTTP for so long, in ms. */
const REFUSED_MS = 60_000
/** Who was not ready, or did not answer, is asked for a session again after so long, in ms. */
const UNREADY_MS = 2_000
/** The caller ends what nobody uses, in ms: before the callee does. */
const IDLE_MS_MAX = 60_000
/** A session is replaced when it is so old, in ms: behind a name, the instances change. */
const AGE_MS_MAX = 300_000
/** Calls that may wait for an agreement: as many as a session may then carry. */
const WAITING_MAX = 16_384

/** The callee says what it takes right behind its agreement; it has so long, in ms. */
const SETTINGS_MS_MAX = 1_000

type Agreed = Extract<Dialled, { readonly kind: 'agreed' }>

/** What a channel needs. */
export interface ChannelOptions {
  /** How calls go without a session. */
  readonly overHttp: (request: OutgoingRequest) => Promise<WireResponse>
  /** By which sessions grow old and refusals are forgotten. */
  readonly clock: Clock
}

/** The way to one origin. */
export class Channel {
  readonly #origin: string
  readonly #overHttp: ChannelOptions['overHttp']
  readonly #clock: Clock
  #session: Calling | undefined
  #retireAtMs = 0
  #opening: Promise<Calling | 'http'> | undefined
  #httpUntilMs = 0
  #waiting = 0
  #isClosed = false

  constructor(origin: string, { overHttp, clock }: ChannelOptions) {
    this.#origin = origin
    this.#overHttp = overHttp
    this.#clock = clock
  }

  /** @throws HF_CALL_NOT_SENT, HF_CALL_LOST */
  send(request: OutgoingRequest): Promise<WireResponse> {
    const session = this.#session
    if (session === undefined || !session.isOpen) return this.#sendWhenAgreed(request)
    if (this.#clock.monotonicMs() >= this.#retireAtMs) this.#replace()
    return session.send(request)
  }

  /** Ends the session, and with it all its calls. */
  close(): void {
    this.#isClosed = true
    this.#session?.link.close('the network was closed')
  }

  async #sendWhenAgreed(request: OutgoingRequest): Promise<WireResponse> {
    const { signal } = request
    if (this.#isClosed) throw notSent('the network was closed', undefined)
    if (signal.aborted) throw notSent('the caller gave up before', signal.reason)
    if (this.#clock.monotonicMs() < this.#httpUntilMs) return this.#overHttp(request)
    const agreed = await this.#agreed(signal)
    return agreed === 'http' ? this.#overHttp(request) : agreed.send(request)
  }

  async #agreed(signal: AbortSignal): Promise<Calling | 'http'> {
    if (this.#waiting >= WAITING_MAX) {
      throw notSent(`${this.#origin}: ${WAITING_MAX} calls wait for a session already`, undefined)
    }
    this.#waiting += 1
    try {
      return await unlessAborted(this.#agree(), signal)
    } finally {
      this.#waiting -= 1
    }
  }

  /** One agreement at a time, whoever waits for it. */
  #agree(): Promise<Calling | 'http'> {
    if (this.#opening === undefined) {
      this.#opening = this.#open()
      // It may be that nobody waits any more: all gave up, or the former session still carries.
      this.#opening.catch(() => undefined)
    }
    return this.#opening
  }

  /** Agrees on a session, or on none. @throws HF_CALL_NOT_SENT if there is nobody to agree with */
  async #open(): Promise<Calling | 'http'> {
    try {
      const dialled = await dial(this.#origin)
      if (dialled.kind === 'unreachable') {
        throw notSent(`${this.#origin}: ${dialled.reason}`, undefined)
      }
      if (dialled.kind === 'agreed') {
        const session = await this.#begin(dialled)
        if (session !== undefined) return this.#use(session)
      }
      const isFinal = dialled.kind === 'refused' && (dialled.status ?? 500) < 500
      this.#httpUntilMs = this.#clock.monotonicMs() + (isFinal ? REFUSED_MS : UNREADY_MS)
      return 'http'
    } finally {
      this.#opening = undefined
    }
  }

  /** The session, once the callee has said what it takes; `undefined` if it did not. */
  #begin({ socket, head }: Agreed): Promise<Calling | undefined> {
    return new Promise((resolve) => {
      const ready = (): void => {
        cancel()
        resolve(session)
      }
      const closing = (): void => {
        cancel()
        if (this.#session === session) this.#session = undefined
        resolve(undefined)
      }
      const wire = wireOver(socket)
      const session = new Calling(this.#origin, { ready, closing }, wire, surroundings)
      const cancel = surroundings.timers.after(SETTINGS_MS_MAX, () =>
        session.link.fail('no settings came'),
      )
      join(socket, session.link, {
        head,
        idleMs: IDLE_MS_MAX,
        onIdle: () => session.retireIfIdle(),
      })
    })
  }

  #use(session: Calling): Calling {
    const former = this.#session
    this.#session = session
    former?.retire()
    if (this.#isClosed) session.retire()
    // Spread over a fifth, or all callers of an instance would come back at once.
    const ageMs = AGE_MS_MAX * (0.8 + 0.2 * nodeRandom.float())
    this.#retireAtMs = this.#clock.monotonicMs() + ageMs
    return session
  }

  /** Agrees on the next session, while this one still carries. */
  #replace(): void {
    this.#retireAtMs += UNREADY_MS
    void this.#agree()
  }
}

/** The result of `agreeing`, unless the signal aborts before. @throws HF_CALL_NOT_SENT */
function unlessAborted<T>(agreeing: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(notSent('the caller gave up before', signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
    agreeing.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function notSent(detail: string, cause: unknown): HoldfastError {
  return new HoldfastError('HF_CALL_NOT_SENT', { detail, cause })
}
