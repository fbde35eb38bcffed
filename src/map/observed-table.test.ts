import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planned } from '../../test/support/map-systems.ts'
import { type AnyFact, observationOf } from './observation.ts'
import { observedTable } from './observed-table.ts'
import { mapOf } from './system-map.ts'

const plan = { web: { calls: { orders: {} } }, orders: {}, mail: { hears: ['orders', 'web'] } }

function rows(facts: readonly AnyFact[]): readonly string[] {
  const table = observedTable(mapOf(planned(plan), { observation: observationOf(facts) }))
  const widths = new Set(table.split('\n').map(({ length }) => length))
  assert.equal(widths.size, 1, 'all lines are as wide')
  return table.split('\n').map((line) => line.replaceAll(/ +/g, ' '))
}

test('a call, the events of one service and a ghost are a row each, declared and observed', () => {
  const delivered = { fact: 'delivered', edge: 'orders>mail', event: 'orders.told', lagMs: 50 }
  const again = { fact: 'consumed', edge: 'web>mail', event: 'web.told', duplicate: true }
  const called = { fact: 'called', edge: 'web>orders.ask', ended: 'done', attempts: 2, tookMs: 9 }
  const failed = { ...called, ended: 'unknown', tookMs: 30 }
  const ghost = { ...called, edge: 'mail>web.ask' }

  assert.deepEqual(rows([delivered, again, called, failed, ghost]).slice(2), [
    '| `web ==ask==> orders` | 1 s over 3 attempts | worst 30 ms; 2 attempts; 50.00 % of 2 answered |',
    '| `~~told~~> mail` | at least once, in order per key | worst lag 50 ms; 1 delivered; 1 duplicate without effect |',
    '| `mail ..ask..> web` | **nowhere** | 1 taken |',
  ])
})

test('what was not seen says so', () => {
  assert.match(rows([])[2] ?? '', /1 s over 3 attempts \| not seen/)
})
