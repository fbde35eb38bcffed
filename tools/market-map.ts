/**
 * `npm run docs:map`: draws the map of the market that the README shows.
 *
 * Promise: the pages are made of the system that runs and of nothing else, so that a test can say
 * whether they are current.
 */
import { writeFileSync } from 'node:fs'
import { mapOf, svgOf, textOf } from '#map'
import { market } from '../examples/market/system.ts'

/** The pages by their path: a drawing, and its twin in text. */
export function marketPages(): Readonly<Record<string, string>> {
  const map = mapOf(market)
  const page = [
    '# The map of the market',
    'Drawn by `npm run docs:map` from [the system that runs](../examples/market/system.ts).' +
      ' [What the numbers mean](map.md#what-the-numbers-mean).',
    '![The map of the market; its text stands below](market.svg)',
    ['```text', ...textOf(map), '```'].join('\n'),
  ]
  return { 'docs/market.svg': svgOf(map), 'docs/market.md': `${page.join('\n\n')}\n` }
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(marketPages())) writeFileSync(path, text)
}
