import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { halved, printOf } from '../fault.ts'
import { readToken, writeToken } from './token.ts'

const part = fc.record({
  faults: fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 4 }),
  clients: fc.option(fc.uniqueArray(fc.nat(63), { minLength: 1, maxLength: 9 }), {
    nil: undefined,
  }),
  operations: fc.option(fc.nat(9_999), { nil: undefined }),
  times: fc.nat(9),
  seed: fc.nat(0xffffffff),
})

test('K1: a token that is read says what was written', () => {
  fc.assert(
    fc.property(part, ({ faults, clients, operations, times, seed }) => {
      const halvings = Object.fromEntries(faults.map((name) => [name, times]))
      const written = { faults, halvings, operations, clients: clients?.toSorted((a, b) => a - b) }

      const repro = readToken(writeToken(seed, written, 'drawn'))

      assert.deepEqual(repro, {
        seed,
        onlyFaults: faults.map((name) => halved(printOf(name), times)),
        plan: undefined,
        onlyClients: written.clients,
        operationsMax: operations,
      })
    }),
  )
})

test('a token has nothing in it that a shell takes for something else', () => {
  const written = {
    faults: ['pause:a#1'],
    halvings: { 'pause:a#1': 2 },
    clients: [0, 1],
    operations: 3,
  }

  assert.match(writeToken(7, written, 'planned'), /^hf1p\.7\.[0-9a-f]{8}~2\.c0-1\.o3$/)
})
