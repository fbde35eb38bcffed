import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { minimal } from './minimal.ts'

test('what is left fails, and nothing of it can be left out', async () => {
  const items = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 40 })
  const cases = items.chain((all) => fc.tuple(fc.subarray(all), fc.constant(all)))

  await fc.assert(
    fc.asyncProperty(cases, async ([needed, all]) => findsAll(needed, all)),
    { numRuns: 200 },
  )
})

test('one fault of a hundred is found in few runs', async () => {
  let runs = 0
  const items = Array.from({ length: 100 }, (_, index) => index)

  const left = await minimal(items, async (some) => {
    runs += 1
    return some.includes(42)
  })

  assert.deepEqual(left, [42])
  assert.ok(runs <= 20, `${runs} runs`)
})

async function findsAll(needed: readonly number[], items: readonly number[]): Promise<void> {
  const left = await minimal(items, async (some) => needed.every((each) => some.includes(each)))
  assert.deepEqual(left, needed)
}
