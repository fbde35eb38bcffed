/**
 * The map that the README shows is the map of the market as it is.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { marketPages } from '../../tools/market-map.ts'

test('the pages of the market are current', () => {
  for (const [path, text] of Object.entries(marketPages()))
    assert.equal(readFileSync(path, 'utf8'), text, `${path} is old; npm run docs:map draws it anew`)
})

test('the pages of the market say every arrow of the market', () => {
  const { 'docs/market.md': page = '' } = marketPages()

  assert.match(page, /payments +==charge==> +provider +2 s over 3 attempts/)
  assert.equal(page.match(/~~\w+~~>/g)?.length, 8)
})
