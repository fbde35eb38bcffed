/**
 * Sends requests over sessions: one to each origin.
 */
import { HoldfastError } from '#errors'
import { nodeClock, type OutgoingRequest, type WireResponse } from '#world'
import { Channel } from './channel.ts'

/** Origins that are remembered. Services are declared, so that more is a leak. */
const ORIGINS_MAX = 256

/** How calls go where there is no session. */
type SendOverHttp = (origin: string, request: OutgoingRequest) => Promise<WireResponse>

/** The sessions of one process, as a caller. */
export class SessionClient {
  readonly #channels = new Map<string, Channel>()
  readonly #overHttp: SendOverHttp

  constructor(overHttp: SendOverHttp) {
    this.#overHttp = overHttp
  }

  /** @throws HF_CALL_NOT_SENT, HF_CALL_LOST */
  send(origin: string, request: OutgoingRequest): Promise<WireResponse> {
    const channel = this.#channels.get(origin) ?? this.#make(origin)
    return channel.send(request)
  }

  /** Ends all sessions, and with them all their calls. */
  close(): void {
    for (const channel of this.#channels.values()) channel.close()
    this.#channels.clear()
  }

  #make(origin: string): Channel {
    if (this.#channels.size >= ORIGINS_MAX) {
      const detail = `${ORIGINS_MAX} other origins are in use, and no more are kept`
      throw new HoldfastError('HF_CALL_NOT_SENT', { detail })
    }
    const channel = new Channel(origin, {
      overHttp: (request) => this.#overHttp(origin, request),
      clock: nodeClock,
    })
    this.#channels.set(origin, channel)
    return channel
  }
}
