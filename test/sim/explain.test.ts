/**
 * A violation is shrunk to what it needs, told in three sentences, and comes again from its token.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readToken } from '#sim'
import { explain, simulate, type SimulateOptions } from 'holdfast/sim'
import { system } from 'holdfast'
import { scenario as ofBank } from '../../examples/bank/bank.sim.ts'
import { bookWhatWasRead } from '../../examples/bank/booking.ts'
import { bankThat } from '../../examples/bank/service.ts'
import { bank, smallSystem } from './small-system.ts'

/** Twenty clients who repeat a command without a key until they hear of it. */
const ticking: SimulateOptions = {
  seeds: 5,
  load: async (world) =>
    world.many(20, async () => {
      for (let tries = 0; tries < 20; tries += 1) {
        const answer = await world
          .request('bank', { method: 'POST', path: '/tick', body: {}, deadline: '1s' })
          .catch(() => undefined)
        if (answer?.status === 200) return
      }
    }),
  always: {
    'one intent ticks at most once': async ({ sql }) => {
      const [row] = await sql(bank['~contract'])`select ticks from meter`
      return Number(row?.['ticks']) <= 20
    },
  },
}

test('a bug that needs one fault is shrunk to that fault, and the edge is named', async () => {
  const options = { ...ticking, faults: ['loss', 'delay', 'duplicate', 'crash'] as const }
  const { violations } = await simulate(smallSystem, options)
  const richest = violations.toSorted((one, other) => other.faults.length - one.faults.length)[0]
  assert.ok(richest !== undefined && richest.faults.length > 3)

  const explained = await explain(smallSystem, options, richest)

  assert.ok(explained !== undefined)
  assert.equal(explained.faults.length, 1)
  assert.match(explained.story[0], /“one intent ticks at most once” was not true/)
  assert.match(explained.story[1], /^It takes 1 fault of \d+/)
  assert.match(explained.story[2], /client>bank: bank served POST \/tick \d+ times/)
})

test('a token runs what it was made of', async () => {
  const options = { ...ticking, faults: ['duplicate', 'delay'] as const }
  const { violations } = await simulate(smallSystem, options)
  assert.ok(violations[0])
  const explained = await explain(smallSystem, options, violations[0])
  const repro = readToken(explained?.token ?? '')
  assert.ok(repro !== undefined)

  const { seed, onlyFaults } = repro
  const again = await simulate(smallSystem, { ...options, seeds: [seed], onlyFaults })

  assert.deepEqual(again.violations[0]?.faults, explained?.faults)
})

test('a lost update needs no fault, and few clients', async () => {
  const banking = system('banking', { services: [bankThat(bookWhatWasRead)] })
  const { violations } = await simulate(banking, { ...ofBank, seeds: 25, faults: [] })
  assert.ok(violations[0])

  const explained = await explain(banking, { ...ofBank, faults: [] }, violations[0])

  assert.deepEqual(explained?.faults, [])
  assert.ok((explained?.clients?.length ?? 99) <= 8, String(explained?.clients))
  assert.match(explained?.story[1] ?? '', /so this is a race/)
  assert.match(explained?.story[2] ?? '', /db:bank/)
})

test('what is not a token is refused', () => {
  for (const text of ['', '12', 'hf1', 'hf1.zz.none', 'hf2.1.none', 'hf1.1.abc']) {
    assert.equal(readToken(text), undefined, text)
  }
  assert.deepEqual(readToken('hf1.ff.none.c1-3_7'), {
    seed: 255,
    onlyFaults: [],
    plan: undefined,
    onlyClients: [1, 2, 3, 7],
    operationsMax: undefined,
  })
})
