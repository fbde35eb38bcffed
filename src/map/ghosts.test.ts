/**
 * Who may tell of a ghost: the caller, the callee, the network; and what is none.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planned } from '../../test/support/map-systems.ts'
import { ghostsIn } from './ghosts.ts'
import { graphOf } from './graph.ts'
import { type AnyFact, Witness } from './observation.ts'

const graph = graphOf(
  planned({ web: { calls: { orders: {} } }, orders: {}, mail: { hears: ['orders'] } }),
)

function ghosts(facts: readonly AnyFact[], links: readonly string[] = []): readonly string[] {
  const witness = new Witness()
  for (const each of facts) witness.see(each)
  for (const each of links) witness.crossed(each)
  return ghostsIn(graph, witness.observation()).map(({ kind, name }) => `${kind} ${name}`)
}

function served(caller: string, operation: string): AnyFact {
  return { fact: 'served', service: 'orders', caller, operation, tookMs: 1 }
}

test('the caller tells of a call that is declared nowhere', () => {
  assert.deepEqual(ghosts([{ fact: 'called', edge: 'orders>bank.charge', attempts: 1 }]), [
    'call orders>bank.charge',
  ])
})

test('the callee tells of a caller that had no edge to it', () => {
  assert.deepEqual(ghosts([served('mail', 'orders.ask')]), ['call mail>orders.ask'])
})

test('the network tells of a request between services between which nothing is declared', () => {
  assert.deepEqual(ghosts([], ['mail>web', 'web>orders', 'orders>mail']), ['call mail>web'])
})

test('a ghost is told once, by the witness who knows most', () => {
  const called = { fact: 'called', edge: 'mail>orders.ask', attempts: 1 }

  assert.deepEqual(ghosts([called, served('mail', 'orders.ask')], ['mail>orders']), [
    'call mail>orders.ask',
  ])
})

test('H1, H2: what is declared is no ghost, and neither is a caller from outside', () => {
  const declared = { fact: 'called', edge: 'web>orders.ask', attempts: 1 }
  const outside = { fact: 'called', edge: 'client>web.ask', attempts: 1 }

  assert.deepEqual(
    ghosts([declared, outside, served('anonymous', 'orders.ask')], ['client>web']),
    [],
  )
})

test('an event on an edge that is declared nowhere is a ghost, whoever emitted it', () => {
  const told = { fact: 'consumed', service: 'web', edge: 'bank>web', event: 'bank.paid' }

  assert.deepEqual(ghosts([told]), ['event bank>web.paid'])
})
