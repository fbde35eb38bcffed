/**
 * Goal: the command writes a contract that can be piped into a file, and says elsewhere what is not in it.
 * Method: the real command line in a process of its own, because its exit code is part of the answer.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const document = fileURLToPath(
  new URL('../../examples/adopt/parcels.openapi.json', import.meta.url),
)
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

function imported(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=holdfast-src', main, 'import', 'openapi', ...args],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  return { code: status, out: stdout, err: stderr }
}

test('the contract is on the output, and what was left out on the error stream', () => {
  const { code, out, err } = imported(document, '--name', 'carrier')

  assert.equal(code, 0)
  assert.match(out, /^export const carrier = contract\('carrier', \{$/m)
  assert.doesNotMatch(out, /left out/)
  assert.match(err, /^PATCH \/parcels\/\{id\}\/label: left out: /)
})

test('a file that is no document, and a name that is none, are wrong command lines', () => {
  const wrong = [[main], ['nowhere.json'], [document, '--name', 'The Carrier']]
  const ends = wrong.map((args) => imported(...args))

  assert.deepEqual(
    ends.map(({ code, out }) => [code, out]),
    wrong.map(() => [2, '']),
  )
  assert.match(ends[0]?.err ?? '', /cannot be the name|is no JSON/)
  assert.match(ends[1]?.err ?? '', /cannot be read/)
  assert.match(ends[2]?.err ?? '', /'The Carrier' cannot be the name/)
})
