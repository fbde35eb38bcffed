import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runForHash } from './run-for-hash.ts'

test('the same seeds give the same hash in one process, with faults and real SQL', async () => {
  const first = await runForHash([1, 2, 3])
  const again = await runForHash([1, 2, 3])

  assert.equal(again.traceHash, first.traceHash)
  assert.equal(again.events, first.events)
})

test('another process gives the same hash, in whatever order the seeds ran before', async () => {
  await runForHash([3])
  const here = await runForHash([2])

  assert.equal(await elsewhere('2'), here.traceHash)
})

test('three processes agree about several instances, a processor that is busy, and every new fault', async () => {
  const seeds = Array.from({ length: 16 }, (_, index) => index + 1)
  const here = await runForHash(seeds, { isCrowded: true })

  for (const kind of ['refused', 'reset', 'corrupted-answer', 'leave', 'slow-link', 'dns-flip'])
    assert.ok((here.faultsFired[kind] ?? 0) > 0, `${kind}: ${JSON.stringify(here.faultsFired)}`)
  assert.equal(await elsewhere(seeds.join(), 'crowded'), here.traceHash)
  assert.equal(await elsewhere(seeds.join(), 'crowded'), here.traceHash)
})

/** The hash that another process prints. */
async function elsewhere(...given: readonly string[]): Promise<string> {
  const script = fileURLToPath(new URL('./run-for-hash.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=holdfast-src',
    script,
    ...given,
  ])
  return stdout.trim()
}

test('another seed gives another hash', async () => {
  assert.notEqual((await runForHash([1])).traceHash, (await runForHash([2])).traceHash)
})

test('a violating seed is replayed with a trace that ends at the violation', async () => {
  const { violations } = await runForHash([4], { isImpossible: true })

  const [violation] = violations
  assert.equal(violation?.kind, 'always')
  assert.equal(violation.check, 'nothing is ever deposited')
  assert.match(violation.trace?.join('\n') ?? '', /violation +always: nothing is ever deposited/)
})
