import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from '#clock'
import { isHoldfastError } from '#errors'
import { ManualWorld, settle } from '../../../test/support/manual-world.ts'
import { Gate } from './gate.ts'

test('G1: after drain nobody enters', async () => {
  const gate = new Gate(new ManualWorld())

  await gate.drain()

  assert.throws(
    () => gate.enter(),
    (error) => isHoldfastError(error, 'HF_DRAINING'),
  )
})

test('G2: drain ends when the last one has left, and leaves no timer behind', async () => {
  const world = new ManualWorld()
  const gate = new Gate(world)
  const leaves = [gate.enter(), gate.enter()]
  gate.promise(Deadline.in(world.clock, 1_000))
  let isDrained = false
  const drained = gate.drain().then(() => (isDrained = true))

  leaves[0]?.()
  await settle()
  const wasDrained = isDrained
  leaves[1]?.()
  await drained

  assert.equal(wasDrained, false)
  assert.equal(gate.inside, 0)
  assert.equal(world.timersPending, 0)
})

test('G2: drain does not wait longer than the longest deadline that was accepted', async () => {
  const world = new ManualWorld()
  const gate = new Gate(world)
  gate.enter()
  gate.promise(Deadline.in(world.clock, 700))
  gate.promise(Deadline.in(world.clock, 200))

  await world.run(gate.drain())

  assert.equal(world.clock.monotonicMs(), 700)
  assert.equal(gate.inside, 1)
})
