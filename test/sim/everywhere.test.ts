/**
 * One crash at each commit, one cut before each message: every moment of a small run, one after another.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPgliteMemory } from '#adapters'
import { everywhere, type Everywhere, type SimulationResult } from '#sim'
import type { SimulateOptions } from 'holdfast/sim'
import { bank, smallSystem } from './small-system.ts'

async function all(
  kind: Everywhere,
  options: Omit<SimulateOptions, 'seeds'>,
): Promise<SimulationResult> {
  const runs = { seeds: [1], postgres: openPgliteMemory, kind, runsMax: 30 }
  return everywhere(smallSystem, { ...options, ...runs })
}

/** Repeats a command without a key until it is answered. */
const ticking: Omit<SimulateOptions, 'seeds'> = {
  load: async (world) =>
    world.many(2, async () => {
      for (let tries = 0; tries < 20; tries += 1) {
        const answer = await world
          .request('bank', { method: 'POST', path: '/tick', body: {}, deadline: '1s' })
          .catch(() => undefined)
        if (answer?.status === 200) return
      }
    }),
  settled: {
    'one intent ticks once': async ({ sql }) =>
      Number((await sql('bank')`select ticks from meter`)[0]?.['ticks']) === 2,
  },
}

test('a crash at each commit, or a cut before each answer, finds the command without a key', async () => {
  const crashed = await all('crash', ticking)
  const cut = await all('one-way-partition', ticking)

  assert.ok(crashed.seeds > 2 && crashed.violations.length > 0)
  assert.ok(
    crashed.violations.every(({ plan = [] }) => plan[0]?.startsWith('crash:bank at commit#')),
  )
  assert.ok(cut.violations.length > 0)
  assert.ok(cut.violations.every(({ plan = [] }) => plan[0]?.includes('at answer')))
})

test('a keyed command survives a crash at each of its moments', async () => {
  const { seeds, violations, faultsFired } = await all('crash', {
    load: async (world) =>
      world.many(2, async (index) => world.client(bank).deposit({ id: `d${index}`, cents: 5 })),
    settled: {
      'whoever heard of a deposit heard of one that was made': async ({ sql }) => {
        const made = await sql('bank')`select id from deposit`
        const seen = await sql('audit')`select id from seen`
        return made.length === seen.length
      },
    },
  })

  assert.deepEqual(violations, [])
  assert.equal(faultsFired['crash'], seeds - 1)
})
