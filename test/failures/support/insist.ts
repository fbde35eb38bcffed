/**
 * A customer who does not give up: it sends the same request again until it is answered with success.
 */
import type { Load } from 'holdfast/sim'

/** Longer than any world is hostile: after that, no answer is a failure of the test itself. */
const TRIES_MAX = 500

/** What is sent, and where to. */
export interface Wish {
  readonly path: string
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a POST until the answer is a success. */
export async function insist(world: Load, service: string, wish: Wish): Promise<void> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- asked again because the last time failed.
    const answer = await world
      .request(service, { method: 'POST', deadline: '1s', ...wish })
      .catch(() => undefined)
    if (answer !== undefined && answer.status < 300) return
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await world.sleep('200ms')
  }
  throw new Error(`${wish.path} was not accepted in ${TRIES_MAX} tries`)
}
