/**
 * A request that is sent until it is let in: on a slow machine a service sheds load, and rightly so, but
 * that is not what these tests are about.
 */
import type { Answered, Sending, Served } from '../../support/served.ts'

/** Sendings of one request. A service that still sheds by then is broken. */
const TRIES_MAX = 500

/** The answer to the first sending that was let in. */
export async function admitted(shop: Served, sending: Sending): Promise<Answered> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- sent again because the last one was shed.
    const answer = await shop.send(sending)
    if (answer.json['code'] !== 'HF_OVERLOADED') return answer
  }
  throw new Error(`still shed after ${TRIES_MAX} sendings`)
}
