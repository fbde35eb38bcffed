/**
 * Goal: show that the door keeps goodput near capacity, gives way in order, and does not drift.
 *
 * Method: a service of one worker whose work has a cost; virtual time alone makes work free, and a
 * service whose work is free cannot be overloaded. Jobs take 1 ms of the worker and 5 ms of waiting
 * elsewhere, a rejection takes 0.05 ms, a caller gives up after 250 ms.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Admission, criticalities, type Criticality, levelOf } from './admission.ts'
import { percentile, Queueing } from './queueing.test.ts'

interface Job {
  readonly sinceMs: number
  readonly criticality: Criticality
  readonly isAdmitted: boolean
}

interface Load {
  /** Arrivals in a millisecond; the capacity is 1 / workMs. */
  readonly perMs: (nowMs: number) => number
  readonly untilMs: number
  /** Only what arrives later is measured. */
  readonly fromMs: number
  readonly workMs?: number
  readonly elsewhereMs?: (nowMs: number) => number
  readonly rejectMs?: number
  /** Take the door away. */
  readonly isOpen?: boolean
  /** Begin what comes too late, too. */
  readonly isPatient?: boolean
}

interface Measured {
  readonly goodPerSecond: number
  /** Share of the arrivals of each class that were answered in time. */
  readonly served: Readonly<Record<Criticality, number>>
  readonly rejected: number
  readonly tooks: readonly { readonly atMs: number; readonly tookMs: number }[]
  readonly inTimeBySecond: readonly number[]
}

const PATIENCE_MS = 250
/** A tenth of all requests are critical-plus, and so on. */
const MIX: Readonly<Record<Criticality, number>> = {
  'critical-plus': 0.1,
  critical: 0.4,
  'sheddable-plus': 0.3,
  sheddable: 0.2,
}

function zero(): Record<Criticality, number> {
  return { 'critical-plus': 0, critical: 0, 'sheddable-plus': 0, sheddable: 0 }
}

function drawn(draw: () => number): Criticality {
  let rest = draw()
  return criticalities.find((each) => (rest -= MIX[each]) < 0) ?? 'sheddable'
}

function sum(counts: Record<Criticality, number>): number {
  return criticalities.reduce((total, each) => total + counts[each], 0)
}

function measured(load: Load): Measured {
  const { workMs = 1, elsewhereMs = () => 5, rejectMs = 0.05 } = load
  const queueing = new Queueing(1)
  const admission = new Admission({}, 0)
  const [arrived, inTime] = [zero(), zero()]
  const tooks: { atMs: number; tookMs: number }[] = []
  const inTimeBySecond: number[] = []
  const queue: Job[] = []
  let [first, rejected, isBusy] = [0, 0, false]

  const answered = (job: Job): void => {
    const tookMs = queueing.nowMs - job.sinceMs
    admission.finish({ tookMs: workMs + elsewhereMs(job.sinceMs), nowMs: queueing.nowMs })
    if (job.sinceMs >= load.fromMs) tooks.push({ atMs: job.sinceMs, tookMs })
    if (tookMs > PATIENCE_MS) return
    if (job.sinceMs >= load.fromMs) inTime[job.criticality] += 1
    const second = Math.floor(job.sinceMs / 1_000)
    inTimeBySecond[second] = (inTimeBySecond[second] ?? 0) + 1
  }
  const work = (): void => {
    const job = queue[first]
    if (isBusy || job === undefined) return
    first += 1
    if (job.isAdmitted) admission.waited('loop', queueing.nowMs - job.sinceMs)

    // What cannot be answered in time is refused when its turn comes, at the price of a rejection.
    const isLate = queueing.nowMs - job.sinceMs > PATIENCE_MS - 10 && load.isPatient !== true
    const isDone = job.isAdmitted && !isLate
    isBusy = true
    queueing.after(isDone ? queueing.exponentialMs(workMs) : rejectMs, () => {
      isBusy = false
      if (isDone) queueing.after(elsewhereMs(job.sinceMs), () => answered(job))
      work()
    })
  }
  const arrive = (): void => {
    const criticality = drawn(queueing.draw)
    const { nowMs } = queueing
    const oldestWaitMs = nowMs - (queue[first]?.sinceMs ?? nowMs)
    const level = levelOf(criticality, queueing.draw() * 128)
    const isAdmitted =
      load.isOpen === true || admission.arrive({ level, nowMs, oldestWaitMs }, queueing.draw)
    if (nowMs >= load.fromMs) {
      arrived[criticality] += 1
      if (!isAdmitted) rejected += 1
    }
    queue.push({ sinceMs: nowMs, criticality, isAdmitted })
    work()
  }
  queueing.arrivals(() => load.perMs(queueing.nowMs), arrive)
  queueing.runUntil(load.untilMs)

  const served = zero()
  for (const each of criticalities) served[each] = inTime[each] / arrived[each]
  return {
    goodPerSecond: (sum(inTime) * 1_000) / (load.untilMs - load.fromMs),
    served,
    rejected: rejected / sum(arrived),
    tooks,
    inTimeBySecond,
  }
}

function steady(times: number): Measured {
  return measured({ perMs: () => times, fromMs: 5_000, untilMs: 15_000 })
}

test('goodput stays near capacity, less what the rejections cost, from 1.2 to 10 times the load', () => {
  for (const times of [1.2, 2, 4, 10]) {
    const possible = (1_000 - 0.05 * 1_000 * times) / (1 - 0.05)

    const { goodPerSecond } = steady(times)

    assert.ok(goodPerSecond >= 0.9 * possible, `${times}x: ${goodPerSecond} of ${possible}`)
  }
})

test('without door and deadline, 1.2 times the load leaves nothing that is in time', () => {
  const load = { perMs: () => 1.2, fromMs: 5_000, untilMs: 15_000 }

  assert.equal(measured({ ...load, isOpen: true, isPatient: true }).goodPerSecond, 0)
})

function medianOf({ tooks }: Measured): number {
  return percentile(
    tooks.map(({ tookMs }) => tookMs),
    0.5,
  )
}

test('with the deadline alone the important fail like the rest, and all wait as long as they may', () => {
  const load = { perMs: () => 2, fromMs: 5_000, untilMs: 15_000 }

  const without = measured({ ...load, isOpen: true })
  const withDoor = measured(load)

  assert.ok(without.served['critical-plus'] < 0.6, `${without.served['critical-plus']}`)
  assert.ok(medianOf(without) > 200, `${medianOf(without)} ms without the door`)
  assert.ok(medianOf(withDoor) < 60, `${medianOf(withDoor)} ms with it`)
})

test('classes give way in their order, and critical-plus is served at four times the load', () => {
  for (const times of [2, 4]) {
    const { served } = steady(times)

    assert.ok(served['critical-plus'] >= 0.99, `${times}x: ${served['critical-plus']}`)
    assert.ok(served['critical-plus'] >= served.critical)
    assert.ok(served.critical >= served['sheddable-plus'])
    assert.ok(served['sheddable-plus'] >= served.sheddable)
    assert.ok(served.sheddable < 0.1, `${times}x: ${served.sheddable}`)
  }
})

test('M1: nothing is rejected at half the load', () => {
  assert.equal(steady(0.5).rejected, 0)
})

test('a dependency that becomes twenty times slower is no overload', () => {
  const { rejected } = measured({
    perMs: () => 0.6,
    elsewhereMs: (nowMs) => (nowMs < 10_000 ? 5 : 100),
    fromMs: 5_000,
    untilMs: 30_000,
  })

  assert.ok(rejected < 0.02, `${rejected * 100} % were rejected`)
})

test('a step to five times the load and back costs less than two seconds of goodput', () => {
  const { inTimeBySecond } = measured({
    perMs: (nowMs) => (nowMs >= 10_000 && nowMs < 20_000 ? 5 : 0.7),
    fromMs: 0,
    untilMs: 30_000,
  })
  const during = inTimeBySecond.slice(12, 20)
  const after = inTimeBySecond.slice(22, 29)

  assert.ok(Math.min(...during) >= 0.8 * 750, during.join(' '))
  assert.ok(Math.min(...after) >= 0.8 * 700, after.join(' '))
})

test('M4: twenty minutes of double load do not raise the delay', () => {
  const { tooks } = measured({
    perMs: () => 0.4,
    workMs: 5,
    fromMs: 60_000,
    untilMs: 1_200_000,
  })
  const median = (fromMs: number): number =>
    percentile(
      tooks
        .filter((each) => each.atMs >= fromMs && each.atMs < fromMs + 60_000)
        .map((each) => each.tookMs),
      0.5,
    )

  assert.ok(median(1_140_000) <= 1.2 * median(60_000), `${median(1_140_000)}`)
})

test('M4: a slow service gets a target of twice its median, learned only while nothing is shed', () => {
  const admission = new Admission({}, 0)
  const arrive = (nowMs: number, oldestWaitMs: number): boolean =>
    admission.arrive({ level: 0, nowMs, oldestWaitMs }, () => 0.5)
  for (let request = 0; request < 40; request += 1) {
    admission.finish({ tookMs: 100, nowMs: request * 10 })
    arrive(request * 10, 0)
  }
  const learned = admission.targetMs()
  assert.ok(learned >= 200 && learned < 210, `${learned}`)

  for (let request = 0; request < 4_000; request += 1) {
    arrive(500 + request, 1_000)
    if (request > 200) admission.finish({ tookMs: 900, nowMs: 500 + request })
  }

  assert.ok(admission.share() < 1)
  assert.equal(admission.targetMs(), learned)
})

/** The share that is let in where work waits 60 ms, and every tenth caller is less patient. */
function shareAfter(leftMs: number, impatientMs: number): number {
  const admission = new Admission({}, 0)
  for (let request = 0; request < 1_000; request += 1) {
    const caller = request % 10 === 0 ? impatientMs : leftMs
    admission.arrive({ level: 0, nowMs: request, oldestWaitMs: 60, leftMs: caller }, () => 0.5)
  }
  return admission.share()
}

test('M5: a delay that the most impatient caller hardly notices sheds nobody, and its waiting is what counts', () => {
  assert.equal(shareAfter(3_000, 3_000), 1)
  assert.equal(shareAfter(3_000, 600), 1)
  assert.ok(shareAfter(3_000, 200) < 1)
  assert.ok(shareAfter(200, 200) < 1)
  assert.ok(shareAfter(3_000, 0) < 1, 'who does not say is not patient')
})

test('a service that shed finds its door open again after a quiet second', () => {
  const admission = new Admission({}, 0)
  for (let request = 0; request < 2_000; request += 1)
    admission.arrive({ level: 0, nowMs: request, oldestWaitMs: 500 }, () => 0.5)
  assert.equal(admission.share(), 0.01)

  for (const nowMs of [3_000, 4_000])
    admission.arrive({ level: 0, nowMs, oldestWaitMs: 0 }, () => 0.5)

  assert.equal(admission.share(), 1)
  assert.equal(
    admission.arrive({ level: 0, nowMs: 4_001, oldestWaitMs: 0 }, () => 0.99),
    true,
  )
})

test('a door that is nearly shut opens within four seconds of small traffic, if nothing waits', () => {
  const admission = new Admission({}, 0)
  const arrive = (nowMs: number, oldestWaitMs: number): boolean =>
    admission.arrive({ level: 0, nowMs, oldestWaitMs }, () => 0.5)
  for (let request = 0; request < 2_000; request += 1) arrive(request, 500)

  for (let request = 0; request < 800; request += 1) arrive(2_000 + request * 5, 0)

  assert.equal(admission.share(), 1)
})

test('M1 to M3: any history keeps the share in its bounds and admits from the top', () => {
  const window = fc.record({
    levels: fc.array(fc.nat({ max: 511 }), { minLength: 20, maxLength: 60 }),
    oldestWaitMs: fc.nat({ max: 200 }),
    finished: fc.nat({ max: 60 }),
  })
  fc.assert(
    fc.property(fc.array(window, { maxLength: 20 }), (windows) => {
      const admission = new Admission({}, 0)
      for (const [index, { levels, oldestWaitMs, finished }] of windows.entries()) {
        const verdicts = levels.map((level) => ({
          level,
          isIn: admission.arrive({ level, nowMs: index * 200, oldestWaitMs }, () => 0.5),
        }))
        for (let each = 0; each < finished; each += 1)
          admission.finish({ tookMs: 5, nowMs: index * 200 })
        assert.ok(admission.share() >= 0.01 && admission.share() <= 1)
        if (index === 0) assert.ok(verdicts.every(({ isIn }) => isIn))
        const inside = verdicts.filter(({ isIn }) => isIn).map(({ level }) => level)
        const outside = verdicts.filter(({ isIn }) => !isIn).map(({ level }) => level)
        assert.ok(Math.max(-1, ...outside) <= Math.min(512, ...inside))
      }
    }),
  )
})

test('M3: about the share of the arrivals is let in, also within one crowded level', () => {
  const { rejected, goodPerSecond } = steady(2)

  // Of 2,000 arrivals 947 can be served, if each of the others costs 0.05 ms.
  assert.ok(Math.abs(rejected - (1 - 947 / 2_000)) < 0.05, `${rejected}`)
  assert.ok(goodPerSecond > 850)
})

test('one user is treated alike for all calls of a class', () => {
  assert.equal(levelOf('critical', 5), levelOf('critical', 5))
  assert.ok(levelOf('critical', 0) > levelOf('sheddable-plus', 127))
  assert.equal(levelOf('critical-plus', 127), 511)
})
