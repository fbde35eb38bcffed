/**
 * What every broker keeps, whatever carries the messages and whoever acknowledges them: the suite of
 * the ports `Broker` and `Queues`.
 *
 * Each test is a whole edge: an outbox, a relay, the broker, an inbox, two databases.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { redrive } from '#edge'
import { isHoldfastError } from '#errors'
import type { SubscriptionOptions } from '#model'
import {
  byKey,
  type Carrier,
  EDGE,
  messageOf,
  Rig,
  type RigOptions,
  soon,
} from '../support/broker-rig.ts'

/** One broker in one way of acknowledging. */
export interface Candidate {
  readonly name: string
  readonly acknowledged: SubscriptionOptions['acknowledged']
  /** A broker between the two services of the rig, empty. */
  readonly carrierOf: (rig: Rig) => Carrier
  readonly skip?: string
}

const KEYS = ['a', 'b', 'c']

/** Numbers 1 to `many` under each of three keys. */
function stepsOf(many: number): { readonly key: string; readonly n: number }[] {
  return Array.from({ length: many }, (_, at) => KEYS.map((key) => ({ key, n: at + 1 }))).flat()
}

const upTo = (many: number): number[] => Array.from({ length: many }, (_, at) => at + 1)

/** The locks that somebody waits for in this database. */
const WAITING = `select 1 from pg_locks join pg_database on pg_database.oid = database
  where not granted and datname = current_database()`

/** Runs the suite. */
export function brokerSuite({ name, acknowledged, carrierOf, skip }: Candidate): void {
  const options = skip === undefined ? {} : { skip }
  const within = async (
    more: Omit<RigOptions, 'acknowledged'>,
    work: (rig: Rig) => Promise<void>,
  ): Promise<void> => {
    const rig = await Rig.start(carrierOf, {
      ...more,
      ...(acknowledged === undefined ? {} : { acknowledged }),
    })
    try {
      await work(rig)
    } finally {
      await rig.stop()
    }
  }

  describe(`a broker: ${name}`, options, () => {
    test('every event has its effect once, per key in order, and leaves the outbox', async () => {
      await within({}, async (rig) => {
        await rig.emit('placed', stepsOf(40))

        await soon('all are seen', async () => (await rig.seen()).length >= 120)
        await soon('the outbox is empty', async () => (await rig.waiting()).length === 0)
        await soon('the broker keeps none', async () => (await rig.carrier.kept()) === 0)
        assert.deepEqual(byKey(await rig.seen()), { a: upTo(40), b: upTo(40), c: upTo(40) })
      })
    })

    test('R1: somebody keeps the message until its effect is committed', async () => {
      await within({}, async (rig) => {
        const { database } = rig.inventory
        const [locked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const holding = database.transaction({ timeoutMs: 9_999 }, async (tx) => {
          await tx.query('lock table seen')
          locked.resolve()
          await gate.promise
        })
        await locked.promise
        try {
          await rig.emit('placed', [{ key: 'a', n: 1 }])
          await soon(
            'the handler waits',
            async () => (await database.query(WAITING)).rows.length > 0,
          )

          assert.ok((await rig.waiting()).length + (await rig.carrier.kept()) >= 1)
        } finally {
          gate.resolve()
          await holding
        }

        await soon('it is seen', async () => (await rig.seen()).length === 1)
      })
    })

    test('a message that is delivered again is swallowed', async () => {
      await within({}, async (rig) => {
        const broker = rig.carrier.brokerOf(rig.orders)
        await broker.intake?.start(() => assert.fail('orders hears nothing'))

        await broker.deliver('inventory', messageOf(1, 'a'), 5_000)
        await broker.deliver('inventory', { ...messageOf(1, 'a'), attempt: 2 }, 5_000)
        await broker.deliverAll?.('inventory', [messageOf(1, 'a'), messageOf(2, 'a')], 5_000)
        await broker.deliver('inventory', messageOf(3, 'a'), 5_000)

        await soon('the last is seen', async () => (await rig.seen()).length >= 3)
        assert.deepEqual(byKey(await rig.seen()), { a: [1, 2, 3] })
        await broker.intake?.close()
      })
    })

    test('a handler that fails leaves nothing behind, and gets the event again', async () => {
      let failures = 3
      const consume = (): void => {
        if ((failures -= 1) >= 0) throw new Error('not yet')
      }
      await within({ consume }, async (rig) => {
        await rig.emit('placed', stepsOf(2))

        await soon('all are seen', async () => {
          await rig.hurry()
          return (await rig.seen()).length >= 6
        })
        assert.deepEqual(byKey(await rig.seen()), { a: [1, 2], b: [1, 2], c: [1, 2] })
      })
    })

    test('poison holds up its key and no other, dies, and is redriven in its order', async () => {
      let isPoison = true
      const consume = ({ key, n }: { key: string; n: number }): void => {
        if (isPoison && key === 'b' && n === 2) throw new Error('poison')
      }
      await within({ consume }, async (rig) => {
        await rig.emit('placed', stepsOf(3))
        await soon('it died', async () => {
          await rig.hurry(11)
          return (await rig.dead()).length === 1
        })
        await soon('the others are seen', async () => (await rig.seen()).length >= 7)
        assert.deepEqual(byKey(await rig.seen()), { a: upTo(3), b: [1], c: upTo(3) })

        isPoison = false
        const [dead] = await rig.dead()
        assert.ok(dead)
        await redrive(dead.database, { id: dead.id }, { by: 'test', reason: 'repaired' })

        await soon('all are seen', async () => (await rig.seen()).length >= 9)
        assert.deepEqual(byKey(await rig.seen())['b'], upTo(3))
      })
    })

    test('a message over the limit is refused by name, and what follows it passes', async () => {
      await within({}, async (rig) => {
        const sender = rig.carrier.brokerOf(rig.orders)
        await sender.intake?.start(() => assert.fail('orders hears nothing'))
        const huge = {
          ...messageOf(1, 'a'),
          payload: { key: 'a', n: 1, filler: 'x'.repeat(1_100_000) },
        }

        await assert.rejects(
          sender.deliver('inventory', huge, 5_000),
          (error) => isHoldfastError(error, 'HF_BODY_TOO_LARGE') && error.effect === 'none',
        )
        await sender.deliver('inventory', messageOf(2, 'a'), 5_000)

        await soon('the next is seen', async () => (await rig.count()) === 1)
        await sender.intake?.close()
      })
    })

    test('a broker that fails in the middle of a batch loses and doubles nothing', async () => {
      await within({}, async (rig) => {
        await rig.emit('placed', stepsOf(100))
        const interrupted = rig.carrier.interrupt()
        await rig.emit('placed', stepsOf(200).slice(300))
        await interrupted

        await soon('all are seen', async () => (await rig.seen()).length >= 600)
        assert.deepEqual(byKey(await rig.seen()), { a: upTo(200), b: upTo(200), c: upTo(200) })
        assert.deepEqual(await rig.dead(), [])
      })
    })

    test('what a consumer who is away cannot take waits, bounded, and nothing dies', async () => {
      await within({}, async (rig) => {
        await rig.leave()
        const isRefused = (): boolean =>
          rig.orders.facts.some((each) => each.fact === 'undelivered' && each.edge === EDGE)
        let many = 0
        await soon('the broker takes no more', async () => {
          many += 1
          await rig.emit(
            'placed',
            KEYS.map((key) => ({ key, n: many })),
          )
          return isRefused()
        })
        assert.ok((await rig.carrier.kept()) <= KEPT_MAX)
        assert.ok((await rig.waiting()).length > 0)

        await rig.comeBack()

        await soon('all are seen', async () => (await rig.seen()).length >= 3 * many)
        assert.deepEqual(byKey(await rig.seen()), { a: upTo(many), b: upTo(many), c: upTo(many) })
        assert.deepEqual(await rig.dead(), [])
      })
    })
  })
}

/** Messages that a candidate's broker may keep. */
export const KEPT_MAX = 8
