/**
 * Stocks that answer as real ones do on their bad days, and count how often they were asked.
 */
import type { ForeignProgram } from 'holdfast/sim'

/** A stock in the hand of a test. */
export interface Stock {
  readonly program: ForeignProgram
  /** Requests that arrived since the test began. */
  asked: number
}

/** What the nth request, from 1, is answered; a status other than 200 has no count. */
export type Answering = (
  n: number,
  sleep: (ms: number) => Promise<void>,
) => Promise<number> | number

/** A stock that answers like this. */
export function stockThat(answering: Answering): Stock {
  const own: Stock = {
    asked: 0,
    program: () => ({
      fetch: async () => {
        own.asked += 1
        const status = await answering(own.asked, sleep)
        return Response.json({ count: 7 }, { status })
      },
    }),
  }
  return own
}

const sleep = async (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
