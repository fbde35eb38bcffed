import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendBatch } from './batch.ts'
import { PORTION_BYTES_MAX } from './portion.ts'
import type { Queued } from './queue.ts'

/** A message that is named by its id; its key is the first letter. */
function queued(id: string, some: Partial<Queued> = {}): Queued {
  const head = { event: 'orders.placed', traceparent: '', time: '' }
  const rest = { part: 0, body: {}, bytes: 10, head, attempts: 0, ageMs: 0 }
  return { seq: id, id, key: id.slice(0, 1), ...rest, ...some }
}

/** Sends the batch and records each request, as the ids that it carried. */
async function send(
  batch: readonly Queued[],
  fails: (ids: string) => boolean = () => false,
): Promise<{ requests: string[]; delivered: string[]; undelivered: string[] }> {
  const requests: string[] = []
  const request = async (messages: readonly Queued[]): Promise<void> => {
    const ids = messages.map(({ id }) => id).join(' ')
    requests.push(ids)
    if (fails(ids)) throw new Error('no')
  }
  const sent = await sendBatch(batch, {
    one: (message) => request([message]),
    many: request,
    manyMax: () => 3,
    mayGoOn: () => true,
  })
  return {
    requests,
    delivered: sent.delivered.map(({ id }) => id),
    undelivered: sent.undelivered.map(({ message }) => message.id),
  }
}

test('a key of which a message has failed before is sent apart, in its order', async () => {
  const batch = [queued('a1'), queued('b1', { attempts: 1 }), queued('b2'), queued('a2')]

  const { requests } = await send(batch)

  assert.deepEqual(requests, ['a1 a2', 'b1', 'b2'])
})

test('D1: after a portion failed, nothing behind it is sent before it was sorted out', async () => {
  const batch = ['a1', 'b1', 'c1', 'a2', 'b2'].map((id) => queued(id))

  const { requests, delivered, undelivered } = await send(batch, (ids) => ids.includes('b1'))

  assert.deepEqual(requests, ['a1 b1 c1', 'a1', 'b1', 'c1'])
  assert.deepEqual([delivered, undelivered], [['a1', 'c1'], ['b1']])
})

test('portions are bounded in number and in bytes', async () => {
  const large = { bytes: PORTION_BYTES_MAX }
  const batch = [queued('a1'), queued('a2', large), queued('a3', large), queued('a4')]
  const many = ['b1', 'b2', 'b3', 'b4'].map((id) => queued(id))

  assert.deepEqual((await send(batch)).requests, ['a1', 'a2', 'a3', 'a4'])
  assert.deepEqual((await send(many)).requests, ['b1 b2 b3', 'b4'])
})
