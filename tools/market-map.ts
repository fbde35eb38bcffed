/**
 * `npm run docs:map`: draws the map of the market that the README shows, declared and observed.
 *
 * Promise: the pages are made of the system that runs and of nothing else, so that a test can say
 * whether they are current. What was observed comes from the simulation, in which the same seeds are
 * the same worlds on every machine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { openPgliteMemory } from '#adapters'
import { mapOf, observedTable, svgOf, textOf } from '#map'
import { observed } from '#sim'
import { scenario } from '../examples/market/market.sim.ts'
import { market } from '../examples/market/system.ts'
import { optionPages } from './option-lines.ts'

/** Hostile worlds whose sum is shown. */
const SEEDS = 3

/** In the README the table stands under this. */
const MARK = '<!-- the map of the market: npm run docs:map -->'

/** The pages by their path: a drawing, its twin in text, and the README with its table. */
export async function marketPages(): Promise<Readonly<Record<string, string>>> {
  const { observation } = await observed(market, {
    ...scenario,
    seeds: SEEDS,
    postgres: openPgliteMemory,
  })
  const map = mapOf(market, { observation })
  const page = [
    '# The map of the market',
    'Drawn by `npm run docs:map` from [the system that runs](../examples/market/system.ts).' +
      ` What was seen was seen in ${SEEDS} simulated worlds, in which messages are lost and doubled,` +
      ' services crash and links are cut.' +
      ' [What the numbers mean](map.md#what-the-numbers-mean).',
    '![The map of the market; its text stands below](market.svg)',
    ['```text', ...textOf(map), '```'].join('\n'),
  ]
  return {
    'docs/market.svg': svgOf(map),
    'docs/market.md': `${page.join('\n\n')}\n`,
    'README.md': withTable(readFileSync('README.md', 'utf8'), observedTable(map)),
  }
}

function withTable(readme: string, table: string): string {
  const [before, after] = readme.split(MARK)
  if (after === undefined) throw new Error(`README.md has no ${MARK}`)
  return `${before}${MARK}\n\n${table}\n\n${after.replace(/^\s*(\|.*\n)*\s*/, '')}`
}

if (import.meta.main) {
  const pages = { ...(await marketPages()), ...optionPages() }
  for (const [path, text] of Object.entries(pages)) writeFileSync(path, text)
}
