/**
 * Sends one batch: what never failed together, the rest one by one; per key in order, each key up to
 * its first failure.
 *
 * It decides what the relay must write down afterwards and writes nothing itself: no transaction is
 * open while the network is used.
 *
 * A portion is acknowledged as a whole or not at all. One that failed is sent again one by one, at
 * once, which finds the message that failed it; from then on that message is known, and it and its
 * key are sent apart. What of the portion had its effect nonetheless is swallowed by the inbox.
 *
 * Invariants:
 *   D1. A message is sent only after, or together with and behind, the one before it of the same key.
 *   D2. At most KEYS_MAX requests of a partition are in the air.
 *   D3. Nothing new is sent once `mayGoOn` says no; what is in the air is waited for.
 */
import { PORTION_BYTES_MAX } from './portion.ts'
import type { Queued } from './queue.ts'
import { isAway } from './retry.ts'

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

/** `Sent`, while it is made. */
interface Outcome {
  readonly delivered: Queued[]
  readonly undelivered: Undelivered[]
}

/** How to send. */
export interface Ways {
  readonly one: (message: Queued) => Promise<void>
  /** Sends several as one; absent where that cannot be done. */
  readonly many?: (messages: readonly Queued[]) => Promise<void>
  /** How many at most are several. */
  readonly manyMax: () => number
  readonly mayGoOn: () => boolean
}

/** Sends what may be sent. Never rejects. */
export async function sendBatch(batch: readonly Queued[], ways: Ways): Promise<Sent> {
  const { many } = ways
  const sent: Outcome = { delivered: [], undelivered: [] }
  if (many === undefined) {
    await sendApart(batch, ways, sent)
    return sent
  }
  const { together, apart } = sort(batch)
  const failed = await sendTogether(together, { ...ways, many }, sent)
  await sendApart([...failed, ...apart], ways, sent)
  return sent
}

/** Keys of which a message has failed before are sent apart. */
function sort(batch: readonly Queued[]): { readonly together: Queued[]; readonly apart: Queued[] } {
  const suspects = new Set(batch.filter(({ attempts }) => attempts > 0).map(lineOf))
  return {
    together: batch.filter((each) => !suspects.has(lineOf(each))),
    apart: batch.filter((each) => suspects.has(lineOf(each))),
  }
}

/** Sends portion after portion, and gives what must be sent again one by one. */
async function sendTogether(
  messages: readonly Queued[],
  { many, manyMax, mayGoOn }: Ways & Required<Pick<Ways, 'many'>>,
  { delivered, undelivered }: Outcome,
): Promise<readonly Queued[]> {
  for (let from = 0; from < messages.length && mayGoOn();) {
    const portion = take(messages, from, manyMax())
    try {
      // oxlint-disable-next-line no-await-in-loop -- a portion may hold the same keys as the one before.
      await many(portion)
    } catch (failure) {
      const [message] = portion
      const isKnown = portion.length === 1 || isAway(failure)
      if (message !== undefined && isKnown) undelivered.push({ message, failure })
      // One by one, the failure is met again and gets its message; what lies behind waits its turn.
      return isKnown ? [] : portion
    }
    delivered.push(...portion)
    from += portion.length
  }
  return []
}

/** The next messages that fit into one portion; at least one. */
function take(messages: readonly Queued[], from: number, manyMax: number): readonly Queued[] {
  let to = from + 1
  let bytes = messages[from]?.bytes ?? 0
  while (to < messages.length && to - from < manyMax) {
    bytes += messages[to]?.bytes ?? 0
    if (bytes > PORTION_BYTES_MAX) break
    to += 1
  }
  return messages.slice(from, to)
}

async function sendApart(
  messages: readonly Queued[],
  { one, mayGoOn }: Ways,
  { delivered, undelivered }: Outcome,
): Promise<void> {
  const lines = linesOf(messages)
  const walk = async (line: readonly Queued[]): Promise<void> => {
    for (const message of line) {
      if (!mayGoOn()) return
      try {
        await one(message)
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
}

/** The messages of each key in order; one without a key is a line of its own. */
function linesOf(messages: readonly Queued[]): Queued[][] {
  const lines = new Map<string, Queued[]>()
  for (const message of messages) {
    const name = lineOf(message)
    const line = lines.get(name)
    if (line === undefined) lines.set(name, [message])
    else line.push(message)
  }
  return [...lines.values()]
}

function lineOf({ key, id }: Queued): string {
  return key === '' ? `id ${id}` : `key ${key}`
}
