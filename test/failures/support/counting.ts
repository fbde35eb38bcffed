/**
 * Asking a stock by hand: `fetch`, with a time limit for each question, as most of us have written it.
 */
import { z } from 'zod'

/** What a stock answers. */
export const Count = z.object({ count: z.int() })

/** Asks how much there is of one thing. */
export type Ask = (sku: string) => Promise<z.infer<typeof Count>>

/** How long it waits for one answer. */
const LIMIT_MS = 2_000

export const byHand: Ask = async (sku) => {
  const response = await fetch('http://stock/stock/count', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sku }),
    signal: AbortSignal.timeout(LIMIT_MS),
  })
  return Count.parse(await response.json())
}
