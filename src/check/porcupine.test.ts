/**
 * Goal: the verdicts of Porcupine's own tests, over histories of real stores.
 * Method: each file is read as the command line reads it, and judged. The histories are not ours to
 * publish: they lie beside the repository where it is developed, and elsewhere this file has no tests.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { checkHistory, readHistory } from './formats.ts'

const folder = new URL('../../../shared/data/porcupine/', import.meta.url)
const isHere = existsSync(folder)
const files = isHere ? readdirSync(folder) : []

function textOf(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8')
}

if (isHere) {
  test('every log of an etcd register gets the verdict that is known', () => {
    const logs = files.filter((file) => file.startsWith('etcd_'))

    const judged = logs.map((file) => {
      const { verdict } = checkHistory(readHistory(textOf(file), 'jepsen-register'))
      return [file, verdict]
    })

    const verdicts: unknown = JSON.parse(textOf('verdicts.json'))
    const told = Object.entries(Object(verdicts))
      .filter(([file]) => file.startsWith('etcd_'))
      .map(([file, isGood]) => [file, isGood === true ? 'linearizable' : 'not linearizable'])
    assert.equal(logs.length, 51)
    assert.deepEqual(judged, told)
  })

  for (const file of files.filter((name) => name.startsWith('kv_')))
    test(`the key-value history ${file} is judged as its name says`, () => {
      const { verdict } = checkHistory(readHistory(textOf(file), 'kv'))

      assert.equal(verdict, file.includes('-ok') ? 'linearizable' : 'not linearizable')
    })

  test('the bad history of ten clients is shown by the one read that lost appends', () => {
    const result = checkHistory(readHistory(textOf('kv_c10-bad.txt'), 'kv'))

    assert.ok(result.verdict === 'not linearizable')
    assert.deepEqual(
      result.part.operations.map(({ text }) => text),
      ['get → "x 9 0 yx 0 0 yx 8 0 y"'],
    )
    assert.ok(result.part.before.every((state) => state.includes('x 8 0 yx 7 1 y')))
  })
}
