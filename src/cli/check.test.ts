/**
 * Goal: what a user of the command sees, and with which code it ends.
 * Method: the command runs in a process of its own, because it sets the exit code of its process.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-check-'))
after(() => rmSync(folder, { recursive: true }))

const command = new URL('./check.ts', import.meta.url).href
const output = new URL('./output.ts', import.meta.url).href
const script = `
  import { checkLinearizability } from '${command}'
  import { reportFailure } from '${output}'
  const [file, options] = process.argv.slice(1)
  await checkLinearizability(file, JSON.parse(options)).catch((error) => reportFailure(error, false))`

function check(
  file: string,
  options: object,
): { code: number | null; text: string; errors: string } {
  const flags = ['--conditions=holdfast-src', '--input-type=module', '-e', script]
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--', file, JSON.stringify(options)],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  )
  return { code: status, text: stdout, errors: stderr }
}

function fileOf(name: string, ...lines: readonly object[]): string {
  const path = join(folder, name)
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return path
}

const wrote = { process: 'a', call: 0, return: 1, input: { f: 'write', value: 1 } }
const saw = (value: number | null): object => ({
  process: 'b',
  call: 2,
  return: 3,
  input: { f: 'read' },
  output: value,
})

test('a good history prints linearizable and ends with 0', () => {
  const { code, text } = check(fileOf('good', wrote, saw(1)), { format: 'json' })

  assert.equal(code, 0)
  assert.match(text, /^linearizable {2}2 operations, \d+ steps\n$/)
})

test('a bad history prints the part that shows it and ends with 1', () => {
  const { code, text } = check(fileOf('bad', wrote, saw(null)), { format: 'json' })

  assert.equal(code, 1)
  assert.match(text, /^not linearizable/)
  assert.match(text, /2–3 +process b +read → null +← breaks it/)
})

test('for programs the verdict is one object of JSON', () => {
  const { code, text } = check(fileOf('bad', wrote, saw(null)), { format: 'json', json: true })

  assert.equal(code, 1)
  assert.equal(JSON.parse(text).verdict, 'not linearizable')
  assert.equal(JSON.parse(text).part.operations[0].text, 'read → null')
})

test('a search that hits its bound prints unknown, the bound and the option, and ends with 2', () => {
  const { code, text } = check(fileOf('good', wrote, saw(1)), { format: 'json', steps: '1' })

  assert.equal(code, 2)
  assert.match(text, /^unknown/)
  assert.match(text, /no answer after 1 steps[\s\S]*--steps/)
})

test('a file that is no history, or is not there, ends with 3 and names the line or the file', () => {
  const invalid = check(fileOf('invalid', wrote, { ...wrote, call: 'x' }), { format: 'json' })
  const missing = check(join(folder, 'missing'), { format: 'kv' })

  assert.equal(invalid.code, 3)
  assert.match(invalid.errors, /HF_HISTORY_INVALID.*line 2: call is no number/)
  assert.equal(missing.code, 3)
  assert.match(missing.errors, /HF_HISTORY_INVALID.*missing cannot be read/)
})
