/**
 * A preset is what stands in its table, as far as it is legal, and what is declared beside it wins.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationMs } from '#clock'
import { edge } from '#model'
import { payments } from '../../test/support/payments.ts'
import { placeOfCaller } from './place.ts'
import { type PresetPolicy, presets, type TimedPreset } from './preset.ts'

const timed = ['interactive', 'background'] satisfies readonly TimedPreset[]

/** What the types refuse, a program without types may still write. */
function untyped(options: object): unknown {
  return edge(payments, options as never)
}

function stack(...frames: readonly string[]): string {
  return ['Error: where am I?', ...frames].join('\n')
}

for (const preset of timed) {
  test(`${preset}: every number of it is what an edge gets, and is said to come from it`, () => {
    const says: PresetPolicy = presets[preset]
    const { authorize, ping } = edge(payments, { preset })

    assert.equal(authorize.policy.deadlineMs, durationMs(says.deadline ?? assert.fail()))
    assert.equal(authorize.policy.edge.criticality, says.criticality)
    assert.equal(authorize.policy.attemptsMax, says.attempts ?? 3)
    assert.equal(ping.policy.attemptsMax, 1, 'a command without a key is sent once all the same')
    assert.deepEqual(authorize.policy.declared, {
      deadlineMs: 'preset',
      'edge.criticality': 'preset',
      ...(says.attempts === undefined ? {} : { attemptsMax: 'preset' }),
    })
  })
}

test('what is declared beside a preset wins, and is said to', () => {
  const { authorize, balance } = edge(payments, {
    preset: 'background',
    deadline: '4s',
    criticality: 'critical',
    ops: { balance: { retry: 2 } },
  })

  assert.equal(authorize.policy.deadlineMs, 4_000)
  assert.equal(authorize.policy.edge.criticality, 'critical')
  assert.deepEqual([authorize.policy.attemptsMax, balance.policy.attemptsMax], [5, 2])
  assert.deepEqual(balance.policy.declared, {
    deadlineMs: 'edge',
    'edge.criticality': 'edge',
    attemptsMax: 'operation',
  })
})

test('once: one attempt, with a deadline that must still be said', () => {
  const { authorize } = edge(payments, { preset: 'once', deadline: '1s' })

  assert.equal(authorize.policy.attemptsMax, 1)
  assert.throws(() => untyped({ preset: 'once' }), /no deadline, and no preset that says one/)
  assert.throws(() => untyped({ preset: 'toString' }), /none of interactive, background, once/)
})

test('a place is the first frame outside of Holdfast, however the engine writes it', () => {
  const own = [
    '    at placeOfCaller (file:///h/src/model/place.ts:9:3)',
    '    at edge (file:///h/src/model/edge.ts:8:1)',
  ]

  const places: readonly [string, string | undefined][] = [
    [stack(...own, '    at file:///shop/arrows.ts:12:20'), 'file:///shop/arrows.ts:12'],
    [stack(...own, '    at async load (file:///shop/a b.ts:7:1)'), 'file:///shop/a b.ts:7'],
    [stack(...own, '    at Object.<anonymous> (/shop/old.cjs:3:9)'), '/shop/old.cjs:3'],
    [stack(...own, '    at ModuleJob.run (node:internal/modules/esm/module_job:1:2)'), undefined],
    ['Error', undefined],
  ]
  for (const [text, place] of places) assert.equal(placeOfCaller(text), place, text)
  assert.equal(placeOfCaller([]), undefined, 'a program may prepare its stacks otherwise')
})
