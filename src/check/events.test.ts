import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkEvents, type EventEntry } from './events.ts'

function entry(what: EventEntry['what'], id: string, key = ''): EventEntry {
  return { what, edge: 'orders>inventory', id, key }
}

function rulesOf(...history: readonly EventEntry[]): readonly string[] {
  return checkEvents(history).findings.map(({ rule }) => rule)
}

test('an event that was emitted, delivered and done once keeps every promise', () => {
  const history = [entry('emitted', 'e1', 'o1'), entry('delivered', 'e1'), entry('effect', 'e1')]

  assert.deepEqual(checkEvents(history), { verdict: 'kept', findings: [], more: 0 })
})

test('V1: an event without an effect is lost, unless it is dead or still on its way', () => {
  const emitted = [entry('emitted', 'e1'), entry('delivered', 'e1')]

  assert.deepEqual(rulesOf(...emitted), ['lost'])
  assert.deepEqual(rulesOf(...emitted, entry('dead', 'e1')), [])
  assert.equal(checkEvents(emitted, { isSettled: false }).verdict, 'kept')
})

test('V2: the first deliveries of a key come in the order of its emissions', () => {
  const emitted = [entry('emitted', 'e1', 'o1'), entry('emitted', 'e2', 'o1')]
  const done = [entry('effect', 'e1'), entry('effect', 'e2')]
  const crossed = [...emitted, entry('delivered', 'e2'), entry('delivered', 'e1'), ...done]

  assert.deepEqual(checkEvents(crossed).findings, [
    {
      rule: 'order',
      words: 'orders>inventory: key o1: e2 was delivered before e1, which was emitted first',
      entries: [0, 2, 3],
    },
  ])
  assert.deepEqual(
    rulesOf(
      ...emitted,
      entry('delivered', 'e1'),
      entry('delivered', 'e2'),
      entry('delivered', 'e1'),
      ...done,
    ),
    [],
  )
})

test('V2: other keys, and events without a key, owe each other no order', () => {
  for (const [one, other] of [
    ['o1', 'o2'],
    ['', ''],
  ])
    assert.deepEqual(
      rulesOf(
        entry('emitted', 'e1', one),
        entry('emitted', 'e2', other),
        entry('delivered', 'e2'),
        entry('delivered', 'e1'),
        entry('effect', 'e2'),
        entry('effect', 'e1'),
      ),
      [],
    )
})

test('V3: a second effect is found, a second delivery is not held against anybody', () => {
  const once = [
    entry('emitted', 'e1'),
    entry('delivered', 'e1'),
    entry('effect', 'e1'),
    entry('delivered', 'e1'),
  ]

  assert.deepEqual(rulesOf(...once), [])
  assert.deepEqual(checkEvents([...once, entry('effect', 'e1')]).findings, [
    { rule: 'twice', words: 'orders>inventory: e1 took effect again', entries: [2, 4] },
  ])
})

test('V3: each edge has an effect of its own', () => {
  const other = { ...entry('emitted', 'e1'), edge: 'orders>mail' }

  assert.deepEqual(
    rulesOf(entry('emitted', 'e1'), entry('effect', 'e1'), other, { ...other, what: 'effect' }),
    [],
  )
})

test('V4: what nobody emitted is found', () => {
  assert.deepEqual(rulesOf(entry('effect', 'e9')), ['invented'])
  assert.deepEqual(
    rulesOf(entry('delivered', 'e1'), entry('emitted', 'e1'), entry('effect', 'e1')),
    ['invented'],
  )
})

test('findings beyond a hundred are counted and not kept', () => {
  const result = checkEvents(Array.from({ length: 250 }, (_, i) => entry('emitted', `e${i}`)))

  assert.equal(result.findings.length, 100)
  assert.equal(result.more, 150)
})

function deliver(indexes: readonly number[]): readonly EventEntry[] {
  return indexes.flatMap((index) => [entry('delivered', `e${index}`), entry('effect', `e${index}`)])
}

const keys = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 30 })

test('a run in order keeps every promise, and one that swaps two of a key does not', () => {
  fc.assert(
    fc.property(keys, fc.nat(), (all, at) => {
      const emitted = all.map((key, index) => entry('emitted', `e${index}`, key))
      const first = at % all.length
      const second = all.findIndex((key, index) => index > first && key === all[first])
      const order = all.map((_, index) =>
        index === first && second > 0 ? second : index === second ? first : index,
      )
      assert.deepEqual(rulesOf(...emitted, ...deliver([...all.keys()])), [])
      assert.equal(rulesOf(...emitted, ...deliver(order)).includes('order'), second > 0)
    }),
  )
})
