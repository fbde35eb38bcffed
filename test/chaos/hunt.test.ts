/**
 * A hunt that somebody ends: whatever was finished is told, and the exit code says what was found.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLI = join(ROOT, 'src/cli/main.ts')

test('a hunt without a terminal tells how far it is, and Ctrl-C ends it with a summary', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hunt-'))
  const words = ['sim', join(ROOT, 'examples/bank'), '--hunt', '30m', '--workers', '2']
  const args = ['--conditions=holdfast-src', CLI, ...words]
  // What a hunt keeps lies where it was started.
  const hunt = spawn(process.execPath, args, { cwd: folder })
  let [told, summary] = ['', '']
  hunt.stdout.on('data', (part: Buffer) => (summary += String(part)))
  hunt.stderr.on('data', (part: Buffer) => {
    told += String(part)
    hunt.kill('SIGINT')
  })

  const [code] = await once(hunt, 'exit')
  await rm(folder, { recursive: true })

  assert.match(told, /^\d+ seeds, [\d.]+ a second, \d+ faults covered, none failed, \d+ s left/)
  assert.match(summary, /^[1-9]\d* seeds, /)
  assert.match(summary, /no violation/)
  assert.equal(code, 0)
})
