/**
 * Which endpoint a call goes to: N4, N5 and N6.
 */
import { Balancer, type Endpoint } from '#policy'
import { Queueing, seeded } from '../support/queueing.ts'
import type { Paper } from './paper.ts'

/** Chooses the endpoint of one call. */
export type Pick = (balancer: Balancer, queueing: Queueing) => Endpoint | undefined

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

/** As the edge chooses: the better of two, by peak EWMA. */
export const balanced: Pick = (balancer, { nowMs, draw }) => balancer.pick(nowMs, draw)
const leastLoaded: Pick = (balancer, { draw }) => {
  const all = balancer.endpoints()
  const least = Math.min(...all.map((each) => each.pending()))
  const candidates = all.filter((each) => each.pending() === least)
  return candidates[Math.floor(draw() * candidates.length)]
}
/** Round robin. */
export const inTurn = (): Pick => {
  let turn = 0
  return (balancer) => balancer.endpoints()[(turn += 1) % balancer.endpoints().length]
}

/**
 * Eleven servers, 1,000 calls a second, 167 ± 5 ms each; one hangs at 2 s from 15 s to 45 s. The share
 * of the calls that end within a second, in %.
 */
export function withinASecond(pick: Pick): number {
  const queueing = new Queueing(4)
  const balancer = new Balancer()
  balancer.update(names(11), 0)
  let [calls, inTime] = [0, 0]
  const call = (): void => {
    if (queueing.nowMs >= 60_000) return
    const endpoint = pick(balancer, queueing)
    const isHung = endpoint?.id === '0' && queueing.nowMs >= 15_000 && queueing.nowMs < 45_000
    const tookMs = isHung ? 2_000 : 162 + 10 * queueing.draw()
    calls += 1
    if (tookMs <= 1_000) inTime += 1
    endpoint?.begin()
    queueing.after(tookMs, () =>
      endpoint?.end({ verdict: 'success', tookMs, nowMs: queueing.nowMs }),
    )
    queueing.after(1, call)
  }
  queueing.after(0, call)
  queueing.runUntil(64_000)
  return (100 * inTime) / calls
}

const hanging: Paper = {
  id: 'N4',
  title: 'One of eleven servers answers in 2 s: % of the calls within 1 s (Buoyant, 2016)',
  run: () => [
    {
      what: 'round robin',
      ours: withinASecond(inTurn()),
      published: '95',
      accepted: { min: 95.16, max: 95.76 },
    },
    {
      what: 'least loaded',
      ours: withinASecond(leastLoaded),
      published: '99',
      accepted: { min: 99 },
    },
    {
      what: 'ours, two choices by peak EWMA',
      ours: withinASecond(balanced),
      published: '99.9',
      accepted: { min: 99.6 },
    },
  ],
}

/** Ten servers of 10 ms at 70 % load; one answers 503 in 0.5 ms. Its share after 100 s, in %. */
export function shareOfFailing(penaltyMs: number, pick: Pick): number {
  const queueing = new Queueing(5)
  const balancer = new Balancer({ penaltyMs })
  balancer.update(names(10), 0)
  let [picks, ofFailing] = [0, 0]
  queueing.arrivals(
    () => 0.7,
    () => {
      const endpoint = pick(balancer, queueing)
      endpoint?.begin()
      const isFailing = endpoint?.id === '0'
      if (queueing.nowMs > 100_000) picks += 1
      if (queueing.nowMs > 100_000 && isFailing) ofFailing += 1
      const tookMs = isFailing ? 0.5 : queueing.exponentialMs(10)
      const verdict = isFailing ? 'failure' : 'success'
      queueing.after(tookMs, () => endpoint?.end({ verdict, tookMs, nowMs: queueing.nowMs }))
    },
  )
  queueing.runUntil(130_000)
  return (100 * ofFailing) / picks
}

const failingFast: Paper = {
  id: 'N5',
  title: 'One of ten replicas fails in 0.5 ms: its share of the traffic, in %',
  run: () => [
    {
      what: 'round robin',
      ours: shareOfFailing(0, inTurn()),
      published: '10.0',
      accepted: { min: 9.5, max: 10.5 },
    },
    {
      what: 'two choices by peak EWMA, no penalty',
      ours: shareOfFailing(0, balanced),
      published: '20.1',
      accepted: { min: 12 },
    },
    {
      what: 'ours, with the penalty',
      ours: shareOfFailing(5_000, balanced),
      published: '0.01',
      accepted: { max: 0.1 },
    },
  ],
}

const BINS = 100_000

function fullestOfOneChoice(): number {
  const draw = seeded(6)
  const bins = new Uint16Array(BINS)
  for (let ball = 0; ball < BINS; ball += 1) {
    const bin = Math.floor(draw() * BINS)
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  return bins.reduce((most, each) => Math.max(most, each), 0)
}

function fullestOfOurs(): number {
  const draw = seeded(6)
  const balancer = new Balancer()
  balancer.update(names(BINS), 0)
  for (let ball = 0; ball < BINS; ball += 1) balancer.pick(0, draw)?.begin()
  return balancer.endpoints().reduce((most, each) => Math.max(most, each.pending()), 0)
}

const ballsInBins: Paper = {
  id: 'N6',
  title:
    'As many calls as endpoints (100,000), none of which ends: the longest queue (Mitzenmacher)',
  run: () => [
    {
      what: 'one random choice',
      ours: fullestOfOneChoice(),
      published: '7.8',
      accepted: { min: 6, max: 10 },
    },
    {
      what: 'ours, the better of two',
      ours: fullestOfOurs(),
      published: '3.4',
      accepted: { max: 4 },
    },
  ],
}

/** The experiments about endpoints. */
export const endpointPapers: readonly Paper[] = [hanging, failingFast, ballsInBins]
