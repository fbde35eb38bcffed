import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isHoldfastError } from '#errors'
import { FileLock } from './file-lock.ts'

const inUse = (words: RegExp) => (error: unknown) =>
  isHoldfastError(error, 'HF_DB_IN_USE') && words.test(error.message)

function lockIn(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'lock')
}

/** Changes the file as if another owner had written it. */
function rewrite(path: string, owner: object): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...owner }))
}

test('a lock is held by one, released, and taken by the next', (context) => {
  const path = lockIn(context)

  const first = FileLock.take(path)
  assert.throws(() => FileLock.take(path), inUse(new RegExp(`process ${process.pid} holds`)))
  first.release()
  const second = FileLock.take(path)

  assert.deepEqual([first.isMine(), second.isMine()], [false, true])
  assert.deepEqual(readdirSync(dirname(path)), ['lock'], 'no draft is left behind')
})

test('K2: the lock of a process that was killed is taken over', async (context) => {
  const path = lockIn(context)
  FileLock.take(path)
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(child, 'spawn')
  const ticks = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
  rewrite(path, { pid: child.pid, startedAt: ticks })
  assert.throws(() => FileLock.take(path), inUse(new RegExp(`process ${child.pid} holds`)))

  child.kill('SIGKILL')
  await once(child, 'exit')

  assert.ok(FileLock.take(path).isMine())
})

test('K2: a process that only got the dead owner’s number does not hold its lock', (context) => {
  const path = lockIn(context)
  FileLock.take(path)
  rewrite(path, { pid: process.pid, startedAt: '1' })

  assert.ok(FileLock.take(path).isMine())
})

test('K2: after a reboot of the same host, the number means nothing', (context) => {
  const path = lockIn(context)
  FileLock.take(path)
  rewrite(path, { realm: 'another boot' })

  assert.ok(FileLock.take(path).isMine())
})

test('K2: a lock of another host, or one that cannot be read, is left alone', (context) => {
  const path = lockIn(context)
  FileLock.take(path)
  rewrite(path, { host: 'elsewhere', pid: 1 })
  assert.throws(() => FileLock.take(path), inUse(/host 'elsewhere', out of sight/))

  writeFileSync(path, 'not json')

  assert.throws(() => FileLock.take(path), inUse(/out of sight/))
})

test('K3: whoever lost the file knows, and does not release what is not theirs', (context) => {
  const path = lockIn(context)
  const mine = FileLock.take(path)
  rewrite(path, { id: 'someone-else' })

  assert.equal(mine.isMine(), false)
  mine.release()

  assert.match(readFileSync(path, 'utf8'), /someone-else/)
})
