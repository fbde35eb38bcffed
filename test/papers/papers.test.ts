/**
 * Our machines do in each published experiment what was published, or better.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { papers } from './all.ts'
import { acceptedText, isAccepted, short } from './paper.ts'

for (const { id, title, run } of papers) {
  test(`${id}: ${title}: every number is in its range`, () => {
    for (const line of run())
      assert.ok(isAccepted(line), `${line.what}: ${short(line.ours)}, not ${acceptedText(line)}`)
  })
}
