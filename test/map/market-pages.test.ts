/**
 * The map that the README shows is the map of the market as it is, declared and observed.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { marketPages } from '../../tools/market-map.ts'

test('the pages of the market are current, and say every arrow, declared and observed', async () => {
  const pages = await marketPages()

  const { 'docs/market.md': page = '', 'README.md': readme = '' } = pages
  assert.match(page, /payments +==charge==> +provider +2 s over 3 attempts.*; seen: p50 /)
  assert.equal(page.match(/~~\w+~~>.*; seen: lag p50 /g)?.length, 8)
  assert.match(readme, /`payments ==charge==> provider` +\| 2 s over 3 attempts +\| worst /)
  assert.equal(readme.match(/^\| `~~[\w, ]+~~> \w+` +\| at least once, in order per /gm)?.length, 4)
  for (const [path, text] of Object.entries(pages))
    assert.equal(readFileSync(path, 'utf8'), text, `${path} is old; npm run docs:map draws it anew`)
})
