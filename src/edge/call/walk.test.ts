/**
 * Goal: what was passed on the way out is passed on the way back. Method: doors that write down who
 * passes them, with any of them turning round, waiting or broken.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Arrow, Ending, Out, Outgoing, Stage } from './arrow.ts'
import { walkThrough } from './walk.ts'

type Fate = 'passes' | 'passes later' | 'wraps' | 'turns' | 'turns later' | 'throws'

const ending: Ending = { kind: 'done', value: 1, degraded: false, attempts: 1 }
const bug = new TypeError('a bug in a stage')

// The walk reads the clock of an arrow and nothing else; of a call it reads nothing.
const arrow = { caller: { world: { clock: { monotonicMs: () => 7 } } } } as unknown as Arrow
const call = {} as Outgoing

const outs: Readonly<Record<Exclude<Fate, 'wraps'>, Out>> = {
  passes: () => undefined,
  'passes later': async () => undefined,
  turns: () => ending,
  'turns later': async () => ending,
  throws: () => {
    throw bug
  },
}

function stageOf(fate: Fate, place: number, seen: string[]): Stage {
  const name = String(place)
  if (fate === 'wraps') {
    const stage: Stage['stage'] = () => ({
      around: (next) => async (each) => {
        seen.push(`out ${name}`)
        return next(each).finally(() => seen.push(`back ${name}`))
      },
    })
    return { name, why: '', stage }
  }
  const stage: Stage['stage'] = () => ({
    out: (each) => {
      seen.push(`out ${name}`)
      return outs[fate](each)
    },
    back: (_each, _ending, nowMs) => {
      assert.equal(nowMs, 7)
      seen.push(`back ${name}`)
    },
  })
  return { name, why: '', stage }
}

function endsTheWay(fate: Fate): boolean {
  return fate !== 'wraps' && !fate.startsWith('passes')
}

const fates = fc.array(
  fc.constantFrom<Fate>('passes', 'passes later', 'wraps', 'turns', 'turns later', 'throws'),
  { maxLength: 8 },
)

test('P1, P2: each door that let the call pass is passed again, in the opposite order, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(fates, async (before) => {
      const seen: string[] = []
      const stages = [...before, 'turns' as const].map((fate, place) => stageOf(fate, place, seen))

      const came = await walkThrough(stages, arrow)(call).catch((error: unknown) => error)

      const last = [...before, 'turns' as const].findIndex(endsTheWay)
      const out = Array.from({ length: last + 1 }, (_, place) => `out ${place}`)
      const back = Array.from({ length: last }, (_, place) => `back ${place}`).toReversed()
      assert.deepEqual(seen, [...out, ...back])
      assert.equal(came, before[last] === 'throws' ? bug : ending)
    }),
    { seed: 5 },
  )
})

test('a stage that has nothing to do for an arrow is left out, and a way back may replace the ending', async () => {
  const better: Ending = { kind: 'done', value: 2, degraded: true, attempts: 1 }
  const stages: readonly Stage[] = [
    { name: 'none', why: '', stage: () => undefined },
    { name: 'replaces', why: '', stage: () => ({ back: () => better }) },
    { name: 'answers', why: '', stage: () => ({ out: () => ending }) },
  ]

  assert.equal(await walkThrough(stages, arrow)(call), better)
})
