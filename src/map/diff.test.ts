import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Plan, planned } from '../../test/support/map-systems.ts'
import { breakTable, differenceTable } from './difference-table.ts'
import { type Difference, differencesOf } from './diff.ts'
import { mapOf } from './system-map.ts'

const plan: Plan = { web: { calls: { orders: { deadline: '2s', retry: 3 } } }, orders: {} }

function between(before: Plan, after: Plan): readonly Difference[] {
  return differencesOf(mapOf(planned(before)), mapOf(planned(after)))
}

function names(all: readonly Difference[], change: Difference['change']): readonly string[] {
  return all.filter((each) => each.change === change).map(({ kind, name }) => `${kind} ${name}`)
}

test('a map does not differ from itself', () => {
  assert.deepEqual(between(plan, plan), [])
})

test('a changed arrow shows only the numbers that changed, before and after', () => {
  const [call] = between(plan, {
    ...plan,
    web: { calls: { orders: { deadline: '1s', retry: 3 } } },
  })

  assert.equal(call?.name, 'web>orders.ask')
  assert.deepEqual(call.before.slice(0, 2), ['query, 2 s over 3 attempts', 'waits at most 2 s'])
  assert.deepEqual(call.after.slice(0, 2), ['query, 1 s over 3 attempts', 'waits at most 1 s'])
  assert.doesNotMatch(call.after.join(), /fallback/)
})

test('what is new and what is gone mirror each other', () => {
  const more: Plan = { ...plan, mail: { hears: ['orders'] } }
  const added = names(between(plan, more), 'added')

  assert.ok(added.includes('service mail'))
  assert.ok(added.includes('event orders>mail.told'))
  assert.deepEqual(names(between(more, plan), 'removed'), added)
})

test('T1: a name with a bar or a line end does not end its row', () => {
  const table = differenceTable(
    [{ change: 'added', kind: 'call', name: 'a|b\nc', before: [], after: ['x'] }],
    'main',
  )

  assert.ok(table.includes(String.raw`| + | call | ${'`'}a\|b c${'`'} |  | x |`))
})

test('no difference and no break are sentences, not empty tables', () => {
  assert.match(differenceTable([], 'main'), /since main\n\nNo arrow and no number differs\./)
  assert.match(breakTable([], 'main'), /since main\n\nWhoever relied on them still can\./)
})
