/**
 * A bug is planted: `tick` has no key, so a client that repeats it after a lost answer ticks twice. The
 * simulation must find it if and only if the fault that brings it to light is allowed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FaultKind, simulate, type SimulationResult } from 'holdfast/sim'
import { audit, bank, smallSystem } from './small-system.ts'

const INTENTS = 20

async function ticks(faults: readonly FaultKind[]): Promise<SimulationResult> {
  return simulate(smallSystem, {
    seeds: 6,
    faults,
    load: async (world) =>
      world.many(INTENTS, async () => {
        for (let tries = 0; tries < 5; tries += 1) {
          const answer = await world
            .request('bank', { method: 'POST', path: '/tick', body: {}, deadline: '1s' })
            .catch(() => undefined)
          if (answer?.status === 200) return
        }
      }),
    settled: {
      'one intent ticks once': async ({ sql }) => {
        const [row] = await sql(bank['~contract'])`select ticks from meter`
        assert.equal(row?.['ticks'], INTENTS)
      },
    },
  })
}

for (const fault of ['lost-answer', 'duplicate'] as const) {
  test(`a command without a key ticks twice, and '${fault}' finds it`, async () => {
    const { violations, faultsFired } = await ticks([fault])

    assert.ok((faultsFired[fault] ?? 0) > 0)
    assert.ok(violations.length > 0)
    assert.ok(violations.every(({ check }) => check === 'one intent ticks once'))
    assert.ok(violations[0]?.faults.some((name) => name.startsWith(`${fault}:client>bank#`)))
  })
}

test('without the fault the same bug stays hidden', async () => {
  const { violations, faultsFired } = await ticks([])

  assert.deepEqual(violations, [])
  assert.deepEqual(faultsFired, {})
})

test('a keyed command survives every fault, and every event arrives', async () => {
  const done = new Set<string>()
  const { violations, faultsFired } = await simulate(smallSystem, {
    seeds: 6,
    load: async (world) => {
      done.clear()
      await world.many(10, async (index) => {
        await world.client(bank).deposit({ id: `d${index}`, cents: 5 })
        done.add(`d${index}`)
      })
    },
    always: {
      'nobody heard of a deposit that was not made': async ({ sql }) => {
        const made = await sql('bank')`select id from deposit`
        const seen = await sql(
          'audit',
        )`select id from seen where id = any(${made.map(idOf)}::text[])`
        const all = await sql(audit['~contract'])`select id from seen`
        return seen.length === all.length
      },
    },
    settled: {
      'what was acknowledged was made, and the auditor knows all of it': async ({ sql }) => {
        const made = (await sql('bank')`select id from deposit order by id`).map(idOf)
        const seen = (await sql('audit', 'select id from seen order by id')).map(idOf)
        assert.deepEqual(seen, made)
        assert.ok([...done].every((id) => made.includes(id)))
      },
    },
  })

  assert.deepEqual(violations, [])
  assert.ok(Object.keys(faultsFired).length >= 5, JSON.stringify(faultsFired))
})

const idOf = (row: Readonly<Record<string, unknown>>): string => String(row['id'])

test('a connection that breaks at a commit leaves the row or does not, and the keyed retry knows', async () => {
  const known = new Set<string>()
  const { violations, trace = [] } = await simulate(smallSystem, {
    seeds: [9],
    faults: ['connection-lost'],
    keepTrace: true,
    load: async (world) =>
      world.many(60, async (index) => {
        await world.client(bank).deposit({ id: `d${index}`, cents: 5 })
        known.add(`d${index}`)
      }),
    settled: {
      'every deposit that somebody heard of was made': async ({ sql }) => {
        const made = new Set((await sql('bank')`select id from deposit`).map(idOf))
        return known.size > 50 && [...known].every((id) => made.has(id))
      },
    },
  })

  const faultAfterCommit = trace.findIndex(
    (line, index) =>
      line.includes('connection-lost:after bank') && trace[index - 1]?.includes('commit ->'),
  )
  assert.ok(faultAfterCommit > 0, 'a connection was lost after a commit took effect')
  assert.deepEqual(violations, [])
})
