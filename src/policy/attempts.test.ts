import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AttemptOutcome, Attempts, type AttemptsPolicy, type Step } from './attempts.ts'
import { RetryBudget } from './budget.ts'
import { Hedge } from './hedge.ts'
import { type OutcomeClass, outcomeMeanings } from './outcome-class.ts'
import { seeded } from './queueing.test.ts'

const middle = (): number => 0.5
const NEVER = Number.POSITIVE_INFINITY

function policyOf(changes: Partial<AttemptsPolicy> = {}): AttemptsPolicy {
  return {
    attemptsMax: 3,
    hasSameEffect: true,
    budget: new RetryBudget({ trickleMs: NEVER }, 0),
    ...changes,
  }
}

/** Ends each attempt at once with the next class; waits take no time. Gives what was sent and how it ended. */
function play(
  policy: AttemptsPolicy,
  outcomes: readonly (OutcomeClass | Omit<AttemptOutcome, 'attempt'>)[],
): { readonly sent: number; readonly end: Step } {
  const attempts = new Attempts(policy, 60_000)
  let step = attempts.begin(0)
  let sent = 0
  for (const each of outcomes) {
    if (step.step !== 'send') return { sent, end: step }
    sent += 1
    const outcome = typeof each === 'string' ? { class: each } : each
    step = attempts.ended({ attempt: step.attempt, ...outcome }, 0, middle)
    if (step.step === 'wait') step = attempts.waitOver(step.delayMs)
  }
  return { sent, end: step }
}

function settled(end: Step): Extract<Step, { readonly step: 'settle' }> {
  assert.equal(end.step, 'settle')
  return end
}

test('a success settles the call and drops a coin; a success of a retry drops none', () => {
  const budget = new RetryBudget({ retriesMax: 2, trickleMs: NEVER }, 0)
  budget.tryWithdraw(0)

  play(policyOf({ budget }), ['done'])
  assert.equal(budget.retriesLeft(0), 1.1)
  play(policyOf({ budget }), ['rejected', 'done'])

  assert.ok(Math.abs(budget.retriesLeft(0) - 0.1) < 1e-9)
})

test('A1 and A7: three rejected attempts are all, and the failure of the last is the answer', () => {
  const { sent, end } = play(policyOf(), ['rejected', 'rejected', 'rejected', 'done'])

  assert.equal(sent, 3)
  assert.equal(settled(end).attempt, 3)
  assert.equal(settled(end).reason, 'attempts-exhausted')
  assert.equal(settled(end).mayHaveActed, false)
})

test('A2: without the same effect, what may have acted is not tried again, and what did not act is', () => {
  const once = policyOf({ hasSameEffect: false })
  for (const ended of ['ambiguous', 'invalid', 'failed', 'client', 'local'] as const)
    assert.equal(play(once, [ended, 'done']).sent, 1, ended)
  for (const ended of ['unsent', 'rejected', 'throttled'] as const)
    assert.equal(play(once, [ended, 'done']).sent, 2, ended)
})

test('A3: a timeout is repeated once; a second one ends the call although attempts are left', () => {
  const policy = policyOf({ attemptsMax: 5 })

  assert.equal(play(policy, ['ambiguous', 'ambiguous', 'done']).sent, 2)
  assert.equal(play(policy, ['ambiguous', 'rejected', 'rejected', 'invalid', 'done']).sent, 4)
})

test('what the callee answered is final: a refusal, a failure, a mistake of ours', () => {
  for (const ended of ['refused', 'failed', 'client', 'cancelled'] as const) {
    const { sent, end } = play(policyOf(), [ended, 'done'])
    assert.equal(sent, 1)
    assert.equal(settled(end).reason, 'final')
    assert.equal(settled(end).isStamped, false)
  }
})

test('A4: the first attempt that was not sent is repeated for nothing, all others are paid', () => {
  const budget = new RetryBudget({ retriesMax: 1, trickleMs: NEVER }, 0)

  assert.equal(play(policyOf({ budget }), ['unsent', 'unsent', 'unsent']).sent, 3)
  assert.equal(budget.retriesLeft(0), 0)
  assert.equal(play(policyOf({ budget }), ['unsent', 'unsent', 'done']).sent, 2)
  assert.equal(play(policyOf({ budget }), ['rejected', 'done']).sent, 1)
})

test('A7: an empty budget settles before any wait, with the failure and not with "budget empty"', () => {
  const budget = new RetryBudget({ retriesMax: 0 }, 0)

  const { sent, end } = play(policyOf({ budget }), ['ambiguous', 'done'])

  assert.equal(sent, 1)
  assert.deepEqual(end, {
    step: 'settle',
    attempt: 1,
    reason: 'budget-exhausted',
    mayHaveActed: true,
    isStamped: true,
  })
})

test('A7: of several failures the one that may have acted is told, and never a local one', () => {
  assert.equal(settled(play(policyOf(), ['ambiguous', 'rejected', 'unsent']).end).attempt, 1)
  assert.equal(settled(play(policyOf(), ['rejected', 'local']).end).attempt, 1)
  assert.equal(settled(play(policyOf(), ['local']).end).attempt, 1)
})

test('A5: a Retry-After is waited for, with a spread behind it, and gives up if it is too long', () => {
  const attempts = new Attempts(policyOf(), 5_000)
  attempts.begin(0)
  const outcome = { attempt: 1, class: 'rejected', retryAfterMs: 2_000 } as const
  assert.deepEqual(
    attempts.ended(outcome, 100, () => 0),
    { step: 'wait', delayMs: 2_000 },
  )
  attempts.waitOver(2_100)

  const end = attempts.ended({ ...outcome, attempt: 2 }, 3_000, () => 0)

  assert.deepEqual(end, {
    step: 'settle',
    attempt: 2,
    reason: 'too-late',
    mayHaveActed: false,
    isStamped: true,
  })
})

function afterFirst(outcome: Omit<AttemptOutcome, 'attempt'>): Step {
  const attempts = new Attempts(policyOf(), 60_000)
  attempts.begin(0)
  return attempts.ended({ attempt: 1, ...outcome }, 0, middle)
}

test('who was throttled waits up to a second, who was not even heard tries elsewhere at once', () => {
  assert.deepEqual(afterFirst({ class: 'throttled' }), { step: 'wait', delayMs: 500 })
  assert.deepEqual(afterFirst({ class: 'rejected', advice: 'later' }), {
    step: 'wait',
    delayMs: 500,
  })
  assert.deepEqual(afterFirst({ class: 'ambiguous' }), { step: 'wait', delayMs: 25 })
  for (const ended of ['unsent', 'rejected'] as const) {
    const step = afterFirst({ class: ended, advice: 'elsewhere' })
    assert.ok(step.step === 'send' && step.isElsewhere)
  }
})

function firstTimeoutMs(changes: Partial<AttemptsPolicy>): number {
  const step = new Attempts(policyOf(changes), 1_000).begin(0)
  return step.step === 'send' ? step.timeoutMs : 0
}

test('the first attempt leaves time for a second, if a second is possible after a timeout', () => {
  assert.equal(firstTimeoutMs({}), 600)
  assert.equal(firstTimeoutMs({ attemptsMax: 1 }), 1_000)
  assert.equal(firstTimeoutMs({ hasSameEffect: false }), 1_000)
})

test('A8: the stamp of an edge below is obeyed and handed on', () => {
  const { sent, end } = play(policyOf(), [{ class: 'rejected', advice: 'never' }, 'done'])

  assert.equal(sent, 1)
  assert.equal(settled(end).isStamped, true)
})

function isStamped(policy: AttemptsPolicy, outcomes: readonly OutcomeClass[]): boolean {
  return settled(play(policy, outcomes).end).isStamped
}

test('A8: an edge that may not retry leaves it to the one above, and a success is never stamped', () => {
  assert.equal(isStamped(policyOf({ attemptsMax: 1 }), ['rejected']), false)
  assert.equal(isStamped(policyOf({ hasSameEffect: false }), ['ambiguous']), false)
  assert.equal(isStamped(policyOf(), ['rejected', 'done']), false)
  assert.equal(isStamped(policyOf(), ['rejected', 'rejected', 'rejected']), true)
})

function leafCalls(isStampKept: boolean): number {
  let calls = 0
  const call = (depth: number): Omit<AttemptOutcome, 'attempt'> => {
    if (depth === 0) {
      calls += 1
      return { class: 'rejected' }
    }
    const rich = new RetryBudget({ retriesMax: 1_000 }, 0)
    const attempts = new Attempts(policyOf({ budget: rich }), NEVER)
    let step = attempts.begin(0)
    while (step.step !== 'settle') {
      if (step.step === 'send')
        step = attempts.ended({ attempt: step.attempt, ...call(depth - 1) }, 0, middle)
      if (step.step === 'wait') step = attempts.waitOver(0)
    }
    const advice = isStampKept && step.isStamped ? 'never' : 'elsewhere'
    return { class: 'rejected', advice }
  }
  call(3)
  return calls
}

test('A8: through three hops of three attempts a failing leaf is called 3 times and not 27', () => {
  assert.equal(leafCalls(true), 3)
  assert.equal(leafCalls(false), 27)
})

test('A6: whoever cancels in a wait is left alone in the same moment', () => {
  const attempts = new Attempts(policyOf(), 1_000)
  attempts.begin(0)
  assert.equal(attempts.ended({ attempt: 1, class: 'ambiguous' }, 0, middle).step, 'wait')

  attempts.cancel()

  assert.deepEqual(attempts.waitOver(25), { step: 'nothing' })
  assert.deepEqual(attempts.hedgeDue(26), { step: 'nothing' })
})

function hedged(burst = 5): { readonly policy: AttemptsPolicy; readonly attempts: Attempts } {
  const policy = policyOf({ hedge: new Hedge({ delayMs: 50, burst }) })
  return { policy, attempts: new Attempts(policy, 1_000) }
}

test('a hedge is asked for after its delay, elsewhere, and is paid from both purses', () => {
  const { policy, attempts } = hedged()
  const first = attempts.begin(0)
  assert.ok(first.step === 'send' && first.hedgeAfterMs === 50)

  const second = attempts.hedgeDue(50)

  assert.ok(second.step === 'send' && second.attempt === 2 && second.isElsewhere)
  assert.equal(policy.budget.retriesLeft(0), 9)
  assert.deepEqual(attempts.hedgeDue(60), { step: 'nothing' })
})

test('a hedge that one purse cannot pay takes nothing from the other', () => {
  const poorHedge = hedged(0)
  poorHedge.attempts.begin(0)
  assert.equal(poorHedge.attempts.hedgeDue(50).step, 'nothing')
  assert.equal(poorHedge.policy.budget.retriesLeft(0), 10)

  const hedge = new Hedge({ delayMs: 50, burst: 1 })
  const budget = new RetryBudget({ retriesMax: 0 }, 0)
  const attempts = new Attempts(policyOf({ hedge, budget }), 1_000)
  attempts.begin(0)
  assert.equal(attempts.hedgeDue(50).step, 'nothing')
  assert.equal(hedge.isAffordable(), true)
})

test('A6: the faster of two attempts is the answer, and the loser is not heard', () => {
  const { attempts } = hedged()
  attempts.begin(0)
  attempts.hedgeDue(50)

  const end = settled(attempts.ended({ attempt: 2, class: 'done' }, 60, middle))

  assert.equal(end.attempt, 2)
  assert.deepEqual(attempts.ended({ attempt: 1, class: 'ambiguous' }, 70, middle), {
    step: 'nothing',
  })
})

test('while a hedge is under way a failure starts nothing; with the last one it is decided', () => {
  const { attempts } = hedged()
  attempts.begin(0)
  attempts.hedgeDue(50)

  const early = { attempt: 1, class: 'rejected', retryAfterMs: 500 } as const
  assert.equal(attempts.ended(early, 60, () => 0).step, 'nothing')
  const next = attempts.ended({ attempt: 2, class: 'unsent' }, 70, () => 0)

  // The Retry-After of the first still holds when the second ends.
  assert.deepEqual(next, { step: 'wait', delayMs: 490 })
})

test('no hedge is sent for a call that has failed, is waiting or is over', () => {
  const { attempts } = hedged()
  attempts.begin(0)
  attempts.ended({ attempt: 1, class: 'ambiguous' }, 10, middle)
  assert.equal(attempts.hedgeDue(50).step, 'nothing')
  assert.equal(attempts.waitOver(35).step, 'send')

  assert.equal(attempts.hedgeDue(50).step, 'nothing')
})

const ending = fc.record({
  class: fc.constantFrom<OutcomeClass>(
    ...([
      'done',
      'unsent',
      'rejected',
      'throttled',
      'ambiguous',
      'invalid',
      'failed',
      'local',
    ] as const),
  ),
  retryAfterMs: fc.oneof(fc.constant(0), fc.nat({ max: 2_000 })),
  advice: fc.constantFrom('elsewhere', 'later', 'never' as const),
  tookMs: fc.nat({ max: 400 }),
})
const call = fc.record({
  attemptsMax: fc.integer({ min: 1, max: 5 }),
  hasSameEffect: fc.boolean(),
  retriesMax: fc.nat({ max: 4 }),
  hedgeAfterMs: fc.option(fc.nat({ max: 300 }), { nil: undefined }),
  endings: fc.array(ending, { minLength: 5, maxLength: 5 }),
  cancelMs: fc.oneof(fc.constant(NEVER), fc.nat({ max: 3_000 })),
  seed: fc.nat(),
})

class CountedBudget extends RetryBudget {
  paid = 0
  override tryWithdraw(nowMs: number): boolean {
    const isPaid = super.tryWithdraw(nowMs)
    if (isPaid) this.paid += 1
    return isPaid
  }
}

interface Due {
  readonly atMs: number
  readonly run: () => Step
}

test('A1 to A6: no schedule of endings, hedges, waits and cancels breaks the limits', () => {
  fc.assert(
    fc.property(call, (wanted) => {
      const { attemptsMax, hasSameEffect, retriesMax, endings, cancelMs } = wanted
      const draw = seeded(wanted.seed)
      const budget = new CountedBudget({ retriesMax, trickleMs: NEVER }, 0)
      const hedge =
        wanted.hedgeAfterMs === undefined
          ? {}
          : { hedge: new Hedge({ delayMs: wanted.hedgeAfterMs }) }
      const attempts = new Attempts({ attemptsMax, hasSameEffect, budget, ...hedge }, 2_000)
      let due: Due[] = []
      let [nowMs, sent, free, ambiguous, notBeforeMs, isOver] = [0, 0, 0, 0, 0, false]

      const follow = (step: Step): void => {
        if (step.step === 'settle') isOver = true
        if (step.step === 'wait')
          due.push({ atMs: nowMs + step.delayMs, run: () => attempts.waitOver(nowMs) })
        if (step.step !== 'send') return
        assert.ok(!isOver && nowMs < 2_000 && nowMs >= notBeforeMs - 1e-6)
        assert.ok(ambiguous === 0 || (hasSameEffect && ambiguous < 2))
        sent += 1
        assert.equal(step.attempt, sent)
        assert.ok(step.timeoutMs > 0 && nowMs + step.timeoutMs <= 2_000 + 1e-6)
        const { tookMs, ...outcome } = endings[sent - 1] ?? assert.fail('more than five attempts')
        const end = (): Step => {
          if (!isOver) {
            if (outcomeMeanings[outcome.class].acted === 'unknown') ambiguous += 1
            if (outcome.class === 'unsent') free = 1
            notBeforeMs = Math.max(notBeforeMs, nowMs + outcome.retryAfterMs)
          }
          return attempts.ended({ attempt: step.attempt, ...outcome }, nowMs, draw)
        }
        due.push({ atMs: nowMs + Math.min(tookMs, step.timeoutMs), run: end })
        if (step.hedgeAfterMs !== undefined)
          due.push({ atMs: nowMs + step.hedgeAfterMs, run: () => attempts.hedgeDue(nowMs) })
      }
      follow(attempts.begin(0))
      while (due.length > 0) {
        const next = due.reduce((first, each) => (each.atMs < first.atMs ? each : first))
        due = due.filter((each) => each !== next)
        nowMs = next.atMs
        if (nowMs >= cancelMs && !isOver) {
          attempts.cancel()
          isOver = true
        }
        follow(next.run())
      }
      assert.ok(isOver, 'the call settles')
      assert.ok(sent <= attemptsMax)
      assert.ok(sent - 1 - free <= budget.paid)
    }),
    { numRuns: 500 },
  )
})
