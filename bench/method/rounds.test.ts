import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bench, Subject } from './bench.ts'
import { inRounds } from './rounds.ts'

const quiet = {
  noise: {
    look: async () => {},
    report: () => ({ cpus: 1, busyShare: 0, loopSpread: 0 }),
  },
  say: () => {},
}

interface Trial {
  readonly bench: Bench
  readonly happened: string[]
}

/** A bench whose subjects write down what is done with them; `failing` fails in its third sample. */
function trial(names: readonly string[], failing?: string): Trial {
  const happened: string[] = []
  const subjects = names.map((name): Subject => {
    let samples = 0
    return {
      name,
      role: 'peer',
      async open() {
        if (name === 'absent') throw new Error('not installed\nand more words')
        return {
          async sample() {
            samples += 1
            happened.push(name)
            if (name === failing && samples === 3) throw new Error('out of memory')
            return { n: samples }
          },
          close: async () => void happened.push(`${name} closed`),
        }
      },
    }
  })
  const measures = [{ name: 'n', unit: '', better: 'less', isCompared: true }] as const
  return { bench: { name: 'demo', question: '', measures, subjects }, happened }
}

test('R1: everybody is sampled once in each round, in an order that turns around', async () => {
  const { bench, happened } = trial(['a', 'b'])

  const { measured } = await inRounds(bench, 3, quiet)

  assert.deepEqual(happened.slice(0, 8).join(''), 'baabbaab')
  assert.deepEqual(
    measured.map(({ samples }) => samples.map(({ n }) => n)),
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
  )
})

test('a subject that cannot be opened is named with the reason, and the others run', async () => {
  const { bench } = trial(['absent', 'b'])

  const { measured, missing } = await inRounds(bench, 1, quiet)

  assert.deepEqual(missing, ['absent: not installed'])
  assert.deepEqual(
    measured.map(({ subject }) => subject.name),
    ['b'],
  )
})

test('R2, R3: a sample that fails ends the run by name, and everybody is closed', async () => {
  const { bench, happened } = trial(['a', 'b'], 'b')

  await assert.rejects(inRounds(bench, 5, quiet), /b failed in a round: out of memory/)

  assert.deepEqual(happened.slice(-2), ['a closed', 'b closed'])
})

test('where every sample is fresh, no round is thrown away', async () => {
  const { bench, happened } = trial(['a'])

  const { measured } = await inRounds({ ...bench, isFresh: true }, 2, quiet)

  assert.deepEqual(happened, ['a', 'a', 'a closed'])
  assert.deepEqual(
    measured.map(({ samples }) => samples.map(({ n }) => n)),
    [[1, 2]],
  )
})
