/**
 * What customers of the market buy: the n-th basket is always the same, so that a run can be repeated.
 *
 * Of sixteen baskets twelve are staples, three are a truffle, of which there are three in the world,
 * and one is more saffron than the provider lets anybody pay for.
 */

/** The body of `POST /orders`. */
export interface Basket {
  readonly sku: string
  readonly quantity: number
}

/** What can always be bought as long as somebody restocks it. */
export const staples = ['apple', 'pear', 'plum'] as const

/** The n-th basket. */
export function basket(n: number): Basket {
  if (n % 16 === 15) return { sku: 'saffron', quantity: 5 }
  if (n % 4 === 3) return { sku: 'truffle', quantity: 1 }
  return { sku: staples[n % staples.length] ?? 'apple', quantity: 1 + (n % 4) }
}
