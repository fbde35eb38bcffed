/**
 * A disk that fills up under the embedded databases, for real: a small tmpfs in a mount namespace.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

/** Four fresh databases and their template take about 150 MB. */
const DISK_MEGABYTES = 260

test('a full disk refuses orders by name, loses none, and serves again when there is room', async () => {
  const seen = await onSmallDisk('disk-full-program.ts')

  assert.equal(seen.refused.status, 503, seen.refused.text)
  assert.match(seen.refused.text, /HF_DB_FULL/)
  assert.match(seen.refused.text, /"effect":"none"/)
  assert.equal(seen.alive, 200, 'the process lives')
  assert.equal(seen.healed, 202, 'the refused order was accepted under the same key')
  assert.deepEqual(
    seen.endings.filter((each) => each !== 'paid'),
    [],
    'every acknowledged order was finished',
  )
  assert.equal(seen.stopped, 0)
})

interface Seen {
  readonly refused: { readonly status: number; readonly text: string }
  readonly alive: number
  readonly healed: number
  readonly endings: readonly string[]
  readonly stopped: number
}

/** Runs a program of this folder where a tmpfs is mounted, and gives the JSON that it printed. */
async function onSmallDisk(program: string): Promise<Seen> {
  const disk = await mkdtemp(join(tmpdir(), 'holdfast-disk-'))
  const script = `mount -t tmpfs -o size=${DISK_MEGABYTES}m tmpfs "$1" && exec "$2" --conditions=holdfast-src "$3" "$1"`
  const namespace =
    process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount']
  const path = join(import.meta.dirname, program)
  const args = [...namespace, 'sh', '-c', script, 'sh', disk, process.execPath, path]
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  await rm(disk, { recursive: true, force: true })
  assert.equal(code, 0, 'the program ran to its end')
  const seen: Seen = JSON.parse(printed)
  return seen
}
