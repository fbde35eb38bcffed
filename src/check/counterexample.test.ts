import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Counterexample, describeCounterexample } from './counterexample.ts'
import type { History, Operation } from './history.ts'
import { checkLinearizable } from './linearizable.ts'
import { type RegisterInput, type RegisterOutput, register } from './register.ts'

type RegisterHistory = History<RegisterInput, RegisterOutput>

function operation(
  process: string,
  [calledAt, at]: readonly [number, number?],
  value: number | 'read',
  output: number | null = null,
): Operation<RegisterInput, RegisterOutput> {
  const input: RegisterInput = value === 'read' ? { f: 'read' } : { f: 'write', value }
  return { process, calledAt, input, answer: at === undefined ? undefined : { at, output } }
}

function partOf(history: RegisterHistory): Counterexample {
  const result = checkLinearizable(register, history)
  assert.ok(result.verdict === 'not linearizable')
  return result.part
}

function noise(from: number, count: number): RegisterHistory {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const at = from + 4 * index
    return [
      operation('n', [at, at + 1], index % 3),
      operation('n', [at + 2, at + 3], 'read', index % 3),
    ]
  })
}

test('a stale read among hundreds of operations is shown alone, with what was there before it', () => {
  const history = [...noise(0, 100), operation('r', [400, 401], 'read', 1), ...noise(500, 100)]

  const part = partOf(history)

  assert.deepEqual(part, {
    key: '',
    operations: [{ process: 'r', calledAt: 400, answeredAt: 401, text: 'read → 1' }],
    optional: [],
    before: ['0'],
  })
})

test('two reads that contradict each other are shown together, and nothing after them', () => {
  const history = [
    operation('a', [0, 90], 1),
    operation('b', [10, 20], 'read', 1),
    operation('c', [30, 40], 'read', null),
    operation('d', [50, 60], 'read', 5),
  ]

  const part = partOf(history)

  assert.deepEqual(
    part.operations.map(({ text }) => text),
    ['read → null'],
  )
  assert.deepEqual(part.before, ['1'])
})

test('an operation that may have taken effect is named apart from those that must have', () => {
  const part = partOf([
    operation('a', [0], 7),
    operation('b', [1, 2], 3),
    operation('c', [3, 4], 'read', 5),
  ])

  assert.deepEqual(
    part.operations.map(({ text }) => text),
    ['read → 5'],
  )
  assert.deepEqual(
    part.optional.map(({ text }) => text),
    ['write 7'],
  )
})

test('C2: what may have taken effect late is not left out to make the part smaller', () => {
  const part = partOf([
    operation('a', [0], 1),
    operation('b', [10, 11], 'read', 1),
    operation('b', [12, 13], 2),
    operation('b', [14, 15], 'read', 2),
    operation('b', [16, 17], 'read', 1),
  ])

  assert.deepEqual(
    part.operations.map(({ text }) => text),
    ['read → 1', 'write 2', 'read → 1'],
  )
  assert.deepEqual(
    part.optional.map(({ text }) => text),
    ['write 1'],
  )
})

test('the words name each operation, its moments, and the answer that breaks it', () => {
  const part = partOf([operation('a', [0, 1], 3), operation('b', [2, 5], 'read', 4)])

  assert.deepEqual(describeCounterexample(part), [
    'no order explains this answer; before, there could be 3',
    '  2–5          process b    read → 4  ← breaks it',
  ])
})

const anything = fc
  .record({
    value: fc.option(fc.integer({ min: 0, max: 2 })),
    output: fc.integer({ min: 0, max: 2 }),
    calledAt: fc.integer({ min: 0, max: 20 }),
    lastsFor: fc.integer({ min: 0, max: 6 }),
    isLost: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ value, output, calledAt, lastsFor, isLost }) =>
    operation(
      'p',
      isLost === 0 ? [calledAt] : [calledAt, calledAt + lastsFor],
      value ?? 'read',
      value === null ? output : null,
    ),
  )

/** Whether some order begins in `state`: required ones all, optional ones as they like. */
function canBeOrdered(
  state: RegisterOutput,
  required: RegisterHistory,
  optional: RegisterHistory,
): boolean {
  if (required.length === 0) return true
  const isBlocked = ({ calledAt }: { readonly calledAt: number }): boolean =>
    required.some(({ answer }) => answer !== undefined && answer.at < calledAt)
  const next = [...required, ...optional.map((each) => ({ ...each, answer: undefined }))]
  return next.some((each, index) => {
    const after = isBlocked(each) ? undefined : register.step(state, each)
    if (after === undefined) return false
    return index < required.length
      ? canBeOrdered(
          after,
          required.filter((other) => other !== each),
          optional,
        )
      : canBeOrdered(
          after,
          required,
          optional.filter((_, at) => at !== index - required.length),
        )
  })
}

test('C1, C2: trying every order agrees that what is shown has none, whatever was before', () => {
  let shown = 0
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 9 }), (plain) => {
      const history = plain.map((each, index) => ({ ...each, process: `p${index}` }))
      const result = checkLinearizable(register, history)
      if (result.verdict !== 'not linearizable') return
      shown++
      const { operations, optional, before } = result.part
      const named = (lines: typeof operations): RegisterHistory =>
        lines.flatMap((line) => history.find(({ process }) => process === line.process) ?? [])
      assert.ok(before.length > 0)
      for (const state of before) {
        const start: RegisterOutput = JSON.parse(state)
        assert.equal(canBeOrdered(start, named(operations), named(optional)), false)
      }
    }),
    { numRuns: 1_000 },
  )
  assert.ok(shown > 100, `only ${shown} histories were bad`)
})
