/**
 * A weaker broker visibly weakens the arrow: what it promises stands on every event arrow of the map.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { natsPromises } from '#adapters'
import { jsonOf, mapOf, svgOf, textOf } from '#map'
import type { Acknowledgement } from '#model'
import { eventSystem } from '../support/event-world.ts'

const NATS = natsPromises(3)

function drawn(acknowledged: Acknowledgement): string {
  const { system } = eventSystem(undefined, { acknowledged })
  const map = mapOf(system, { broker: NATS })
  return [...textOf(map), svgOf(map)].join('\n')
}

test('without a broker the map says nothing about one', () => {
  const { system } = eventSystem()

  assert.doesNotMatch(textOf(mapOf(system)).join('\n'), /NATS|LOST/)
})

test('where the word of the broker counts, the map says what may be lost', () => {
  const text = drawn('broker')

  assert.match(
    text,
    /~~placed~~> +inventory +.*until NATS JetStream R3 keeps it; LOST there if 2 of its 3 servers lose their power/,
  )
  assert.match(text, /NATS JetStream R3 · its word/)
})

test('one event that is acknowledged end to end makes its whole edge so, and no other', () => {
  const text = drawn('end-to-end')

  for (const event of ['placed', 'noted'])
    assert.match(
      text,
      new RegExp(`orders +~~${event}~~> +inventory .*over NATS JetStream R3, until the consumer`),
    )
  assert.match(text, /orders +~~placed~~> +mail .*LOST there/)
  assert.match(text, /NATS JetStream R3 · end to end/)
})

test('for programs, the promise table is data', () => {
  const { system } = eventSystem(undefined, { acknowledged: 'end-to-end' })
  const json = Object(jsonOf(mapOf(system, { broker: NATS })))

  assert.deepEqual(json.broker, NATS)
  assert.deepEqual(
    json.events.map((each: { name: string; acknowledged: string }) => [
      each.name,
      each.acknowledged,
    ]),
    [
      ['orders>inventory.placed', 'end-to-end'],
      ['orders>inventory.noted', 'end-to-end'],
      ['orders>mail.placed', 'broker'],
      ['inventory>mail.counted', 'broker'],
    ],
  )
})
