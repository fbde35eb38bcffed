/**
 * Sends one batch: keys side by side, one key strictly in order, each key up to its first failure.
 *
 * It decides what the relay must write down afterwards and writes nothing itself: no transaction is
 * open while the network is used.
 *
 * Invariants:
 *   D1. A message is sent only after the one before it of the same key was acknowledged.
 *   D2. At most KEYS_MAX messages of a partition are in the air.
 *   D3. Nothing new is sent once `mayGoOn` says no; what is in the air is waited for.
 */
import type { Queued } from './queue.ts'

/** Keys of one partition that are sent side by side: 16 for each edge of four partitions. */
const KEYS_MAX = 4

/** A message that was not acknowledged, and why. */
export interface Undelivered {
  readonly message: Queued
  readonly failure: unknown
}

/** What became of a batch. What was not sent is in neither list. */
export interface Sent {
  readonly delivered: readonly Queued[]
  readonly undelivered: readonly Undelivered[]
}

/** Sends what may be sent. Never rejects. */
export async function sendBatch(
  batch: readonly Queued[],
  send: (message: Queued) => Promise<void>,
  mayGoOn: () => boolean,
): Promise<Sent> {
  const lines = linesOf(batch)
  const delivered: Queued[] = []
  const undelivered: Undelivered[] = []
  const walk = async (line: readonly Queued[]): Promise<void> => {
    for (const message of line) {
      if (!mayGoOn()) return
      try {
        await send(message)
      } catch (failure) {
        undelivered.push({ message, failure })
        return
      }
      delivered.push(message)
    }
  }
  const walker = async (): Promise<void> => {
    for (let line = lines.shift(); line !== undefined; line = lines.shift()) await walk(line)
  }
  await Promise.all(Array.from({ length: KEYS_MAX }, walker))
  return { delivered, undelivered }
}

/** The messages of each key in order; one without a key is a line of its own. */
function linesOf(batch: readonly Queued[]): Queued[][] {
  const lines = new Map<string, Queued[]>()
  for (const message of batch) {
    const name = message.key === '' ? `id ${message.id}` : `key ${message.key}`
    const line = lines.get(name)
    if (line === undefined) lines.set(name, [message])
    else line.push(message)
  }
  return [...lines.values()]
}
