import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { ManualWorld } from '../../test/support/manual-world.ts'
import { type Located, type Lookup, Topology } from './topology.ts'

const A: Located = { origins: ['http://10.0.0.1:80'] }
const B: Located = { origins: ['http://10.0.0.2:80'] }

function watching(lookup: Lookup): { readonly world: ManualWorld; readonly topology: Topology } {
  const world = new ManualWorld()
  return { world, topology: new Topology(world, new Map([['payments', lookup]])) }
}

test('after the start a call knows where to go without waiting, and a move is followed', async () => {
  let said = A
  const { world, topology } = watching(async () => said)
  await world.run(topology.start())

  const before = topology.resolve('payments')
  said = B
  await world.advance(12_001)

  assert.deepEqual(before, A.origins)
  assert.deepEqual(topology.resolve('payments'), B.origins)
  topology.stop()
  assert.equal(world.timersPending, 0)
})

test('a directory that never answers does not keep a process from starting', async () => {
  const { world, topology } = watching(() => new Promise(() => {}))

  await world.run(topology.start())

  assert.equal(world.clock.monotonicMs(), 3_000)
  assert.throws(
    () => topology.resolve('payments'),
    (error) => isHoldfastError(error, 'HF_CALL_NOT_SENT') && error.effect === 'none',
  )
  topology.stop()
  assert.equal(world.timersPending, 0)
})

test('W2: fifty calls that find a dead address are one lookup', async () => {
  let asked = 0
  const { world, topology } = watching(async () => {
    asked += 1
    return A
  })
  await world.run(topology.start())
  await world.advance(2_000)

  for (let call = 0; call < 50; call += 1) topology.unreachable('payments')
  await world.advance(500)

  assert.equal(asked, 2)
  topology.stop()
})

test('W1: it gives the same list until the list has changed', async () => {
  const { world, topology } = watching(async () => ({ origins: [...A.origins] }))
  await world.run(topology.start())
  const before = topology.resolve('payments')

  await world.advance(60_000)

  assert.equal(topology.resolve('payments'), before)
  topology.stop()
})

test('W3: after the stop nothing is asked', async () => {
  let asked = 0
  const { world, topology } = watching(async () => {
    asked += 1
    return A
  })
  await world.run(topology.start())

  topology.stop()
  topology.unreachable('payments')
  await world.advance(3_600_000)

  assert.equal(asked, 1)
  assert.equal(world.timersPending, 0)
})
