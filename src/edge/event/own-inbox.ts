/**
 * The service's own inbox, reached without the network: what a broker hands over, and what the service
 * tells itself, goes the way that a delivery by HTTP goes.
 */
import { assert } from '#errors'
import type { WireHandler, WireResponse } from '#world'
import { header } from '../call/wire.ts'
import { EVENTS_PATH } from './push.ts'

/** What is offered: CloudEvents as bytes, with their media type. */
export interface Offer {
  readonly type: string
  readonly body: Uint8Array
  /** Who sent it. */
  readonly source: string
  readonly timeoutMs: number
  readonly traceparent?: string | undefined
}

/** An inbox that is known once the service's server is. */
export class OwnInbox {
  #handle: WireHandler | undefined

  /** From now on there is one. */
  open(handle: WireHandler): void {
    this.#handle = handle
  }

  /** The answer to one delivery, as the network would have carried it. */
  async offer({ type, body, source, timeoutMs, traceparent }: Offer): Promise<WireResponse> {
    assert(this.#handle !== undefined, 'an inbox is opened before anything is offered')
    return this.#handle({
      method: 'POST',
      path: EVENTS_PATH,
      headers: {
        [header.contentType]: type,
        [header.deadline]: String(timeoutMs),
        [header.caller]: source,
        ...(traceparent === undefined ? {} : { [header.traceparent]: traceparent }),
      },
      readBody: async () => body,
      signal: new AbortController().signal,
    })
  }
}

/** True if the effect is committed. */
export function isAcknowledged({ status }: WireResponse): boolean {
  return status >= 200 && status <= 299
}
