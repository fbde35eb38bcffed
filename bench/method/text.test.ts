import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plot } from './plot.ts'
import type { Table } from './report.ts'
import { markdown } from './text.ts'

const table: Table = {
  name: 'ns',
  unit: 'ns <per> call',
  better: 'less',
  isCompared: true,
  rows: [
    {
      name: 'peer',
      role: 'peer',
      value: 1_234.5,
      spread: 0.031,
      ratioToFloor: 0.081,
      ratioToBestPeer: 1,
    },
    {
      name: 'holdfast',
      role: 'holdfast',
      value: 250,
      spread: 0,
      ratioToFloor: 0.4,
      ratioToBestPeer: 4.94,
    },
    {
      name: 'by hand',
      role: 'floor',
      value: 100,
      spread: 0,
      ratioToFloor: 1,
      ratioToBestPeer: null,
    },
  ],
}

test('a table stands best first, its columns aligned, and our row is seen', () => {
  assert.equal(
    markdown(table),
    [
      '| subject         | value | spread | to the floor | to the best peer |',
      '| --------------- | ----: | -----: | -----------: | ---------------: |',
      '| by hand (floor) |   100 |   ±0 % |         1.00 |                  |',
      '| **holdfast**    |   250 |   ±0 % |         0.40 |             4.94 |',
      '| peer            | 1,235 |   ±3 % |        0.081 |             1.00 |',
    ].join('\n'),
  )
})

test('a picture has one bar for each row, the longest for the largest value, and escapes its words', () => {
  const picture = plot(table)
  const widths = [...picture.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  )

  assert.equal(widths.length, 3)
  assert.deepEqual(
    widths,
    widths.toSorted((left, right) => left - right),
  )
  assert.match(picture, /ns &lt;per&gt; call/)
})
