import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '#errors'
import type { History, Operation } from './history.ts'
import { kv, type KvInput, type KvOutput } from './kv.ts'
import { checkLinearizable } from './linearizable.ts'
import { type RegisterInput, type RegisterOutput, register } from './register.ts'

type RegisterOperation = Operation<RegisterInput, RegisterOutput>
type Span = readonly [calledAt: number, answeredAt?: number]

function write(process: string, [calledAt, at]: Span, value: number): RegisterOperation {
  const answer = at === undefined ? undefined : { at, output: null }
  return { process, calledAt, input: { f: 'write', value }, answer }
}

function read(process: string, [calledAt, at]: Span, output: number | null): RegisterOperation {
  const answer = at === undefined ? undefined : { at, output }
  return { process, calledAt, input: { f: 'read' }, answer }
}

function cas([calledAt, at]: readonly [number, number], output: boolean): RegisterOperation {
  const asked = { f: 'cas', expected: 1, value: 2 } as const
  return { process: 'c', calledAt, input: asked, answer: { at, output } }
}

function get(key: string, calledAt: number, output: string): Operation<KvInput, KvOutput> {
  const answer = { at: calledAt + 1, output }
  return { process: 'b', calledAt, input: { f: 'get', key }, answer }
}

function of(key: string, operation: RegisterOperation): RegisterOperation {
  return { ...operation, input: { ...operation.input, key } }
}

function verdictOf(...history: readonly RegisterOperation[]): string {
  return checkLinearizable(register, history).verdict
}

test('an empty history is linearizable', () => {
  assert.equal(verdictOf(), 'linearizable')
})

test('a read during a write may see either value', () => {
  assert.equal(verdictOf(write('a', [0, 9], 1), read('b', [1, 2], null)), 'linearizable')
  assert.equal(verdictOf(write('a', [0, 9], 1), read('b', [1, 2], 1)), 'linearizable')
})

test('a read after the answer of a write sees it', () => {
  assert.equal(verdictOf(write('a', [0, 1], 1), read('b', [2, 3], null)), 'not linearizable')
  assert.equal(verdictOf(write('a', [0, 1], 1), read('b', [2, 3], 1)), 'linearizable')
})

test('intervals that only touch overlap', () => {
  assert.equal(verdictOf(write('a', [0, 1], 1), read('b', [1, 2], null)), 'linearizable')
})

test('once one client saw the new value nobody sees the old one', () => {
  const during = write('a', [0, 9], 1)

  assert.equal(verdictOf(during, read('b', [1, 2], 1), read('c', [3, 4], null)), 'not linearizable')
  assert.equal(verdictOf(during, read('b', [1, 4], 1), read('c', [2, 3], null)), 'linearizable')
})

test('L2: a write without an answer may take effect late, or never', () => {
  const lost = write('a', [0], 1)

  assert.equal(verdictOf(lost, read('b', [1, 2], null), read('b', [3, 4], 1)), 'linearizable')
  assert.equal(verdictOf(lost, read('b', [1, 2], null), read('b', [3, 4], null)), 'linearizable')
  assert.equal(verdictOf(read('b', [1, 2], 1), write('a', [3], 1)), 'not linearizable')
})

test('a write without an answer takes effect once', () => {
  const history = [
    write('a', [0], 1),
    read('b', [1, 2], 1),
    write('b', [3, 4], 2),
    read('b', [5, 6], 1),
  ]

  assert.equal(verdictOf(...history), 'not linearizable')
})

test('a refused compare-and-set says that the register held something else', () => {
  assert.equal(verdictOf(write('a', [0, 1], 1), cas([2, 3], false)), 'not linearizable')
  assert.equal(verdictOf(write('a', [0, 1], 3), cas([2, 3], false)), 'linearizable')
  assert.equal(
    verdictOf(write('a', [0, 1], 1), cas([2, 3], true), read('a', [4, 5], 2)),
    'linearizable',
  )
})

test('keys are judged apart, and the counterexample names its key', () => {
  const put: Operation<KvInput, KvOutput> = {
    process: 'a',
    calledAt: 0,
    input: { f: 'put', key: 'x', value: '1' },
    answer: { at: 1, output: null },
  }

  assert.equal(
    checkLinearizable(kv, [put, get('y', 2, ''), get('x', 4, '1')]).verdict,
    'linearizable',
  )
  const bad = checkLinearizable(kv, [put, get('y', 2, ''), get('x', 4, '')])
  assert.equal(bad.verdict, 'not linearizable')
  assert.equal(bad.verdict === 'not linearizable' && bad.part.key, 'x')
})

test('L1: a search that runs out of steps or memory says unknown and names the bound', () => {
  const writes = Array.from({ length: 40 }, (_, i) => write(`w${i}`, [0, 100], i))
  const history = [...writes, read('r', [200, 201], -1)]

  const short = checkLinearizable(register, history, { stepsMax: 1_000 })
  const small = checkLinearizable(register, history, { bytesMax: 100_000 })

  assert.equal(short.verdict === 'unknown' && short.bound, 'steps')
  assert.match(short.verdict === 'unknown' ? short.reason : '', /1000 steps/)
  assert.equal(small.verdict === 'unknown' && small.bound, 'bytes')
  assert.match(small.verdict === 'unknown' ? small.reason : '', /100000 bytes/)
})

test('a hard key does not hide the short proof that lies in another', () => {
  const hard = Array.from({ length: 40 }, (_, i) => of('hard', write(`w${i}`, [0, 100], i)))
  const history = [
    ...hard,
    of('hard', read('r', [200, 201], -1)),
    of('easy', write('a', [0, 1], 1)),
    of('easy', read('b', [2, 3], null)),
  ]

  const result = checkLinearizable(register, history, { stepsMax: 50_000 })

  assert.equal(result.verdict === 'not linearizable' && result.part.key, 'easy')
})

test('an answer before its question and a moment that is no number are refused', () => {
  for (const wrong of [read('a', [2, 1], null), read('a', [Number.NaN, 1], null)])
    assert.throws(
      () => verdictOf(wrong),
      (error) => isHoldfastError(error, 'HF_HISTORY_INVALID') && /process a/.test(error.message),
    )
})

// What follows asks for all histories what was asked for some above.

interface Plan {
  readonly input: RegisterInput
  readonly before: number
  readonly after: number
  readonly isLost: boolean
}

const value = fc.integer({ min: 0, max: 2 })
const input: fc.Arbitrary<RegisterInput> = fc.oneof(
  fc.constant<RegisterInput>({ f: 'read' }),
  value.map((written): RegisterInput => ({ f: 'write', value: written })),
  fc
    .tuple(value, value)
    .map(([expected, set]): RegisterInput => ({ f: 'cas', expected, value: set })),
)
const plan: fc.Arbitrary<Plan> = fc.record({
  input,
  before: fc.integer({ min: 0, max: 30 }),
  after: fc.integer({ min: 0, max: 30 }),
  isLost: fc.boolean(),
})

/** Runs the plans one at a time, at moments 10, 20, …; then stretches each around its moment. */
function stretched(plans: readonly Plan[]): History<RegisterInput, RegisterOutput> {
  let state: RegisterOutput = null
  return plans.map(({ input: asked, before, after, isLost }, index) => {
    const now = 10 * (index + 1)
    const held = state
    const isHit = asked.f === 'cas' && asked.expected === held
    if (asked.f !== 'read' && (asked.f === 'write' || isHit)) state = asked.value
    const output = asked.f === 'read' ? held : asked.f === 'cas' ? isHit : null
    const answer = isLost ? undefined : { at: now + after, output }
    return { process: `p${index}`, calledAt: now - before, input: asked, answer }
  })
}

test('what came from one client at a time is linearizable, however its intervals are stretched', () => {
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 40 }), (plans) => {
      assert.equal(checkLinearizable(register, stretched(plans)).verdict, 'linearizable')
    }),
  )
})

test('a stale read that is planted behind such a history is found', () => {
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 20 }), value, (plans, stale) => {
      const history = stretched(plans.filter(({ isLost }) => !isLost))
      const planted = [...history, write('w', [1_000, 1_001], 7), read('r', [1_002, 1_003], stale)]

      const result = checkLinearizable(register, planted)

      assert.equal(result.verdict, 'not linearizable')
      if (result.verdict === 'not linearizable')
        assert.ok(result.part.operations.some(({ text }) => text === `read → ${stale}`))
    }),
  )
})

const free: fc.Arbitrary<RegisterOperation> = fc
  .record({
    input,
    calledAt: fc.integer({ min: 0, max: 12 }),
    lastsFor: fc.integer({ min: 0, max: 8 }),
    seen: fc.option(value),
    isHit: fc.boolean(),
    isLost: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ input: asked, calledAt, lastsFor, seen, isHit, isLost }) => {
    const output = asked.f === 'read' ? seen : asked.f === 'cas' ? isHit : null
    const answer = isLost === 0 ? undefined : { at: calledAt + lastsFor, output }
    return { process: 'p', calledAt, input: asked, answer }
  })

/** Tries every order of every choice of unanswered operations, with no cleverness at all. */
function bruteForce(history: History<RegisterInput, RegisterOutput>): boolean {
  const extend = (state: RegisterOutput, left: History<RegisterInput, RegisterOutput>): boolean => {
    if (left.every(({ answer }) => answer === undefined)) return true
    return left.some((next) => {
      const others = left.filter((each) => each !== next)
      if (others.some(({ answer }) => answer !== undefined && answer.at < next.calledAt))
        return false
      const after = register.step(state, next)
      return after !== undefined && extend(after, others)
    })
  }
  return extend(register.initial, history)
}

test('S3: the search agrees with trying every order, on histories of up to six operations', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.array(free, { maxLength: 6 }), (history) => {
      const { verdict } = checkLinearizable(register, history)
      seen.add(verdict)
      assert.equal(verdict, bruteForce(history) ? 'linearizable' : 'not linearizable')
    }),
    { numRuns: 2_000 },
  )
  assert.deepEqual([...seen].toSorted(), ['linearizable', 'not linearizable'])
})

test('L3: the verdict does not depend on the order in which operations are given', () => {
  const shuffled = fc
    .array(free, { maxLength: 10 })
    .chain((history) =>
      fc.tuple(fc.constant(history), fc.shuffledSubarray(history, { minLength: history.length })),
    )
  fc.assert(
    fc.property(shuffled, ([history, other]) => {
      assert.equal(verdictOf(...history), verdictOf(...other))
    }),
  )
})
