/**
 * Holdfast itself, made wrong: each is a mistake that somebody made in an outbox, an inbox or a client.
 */
import type { Bug, Change } from './bug.ts'

const TILL = 'test/planted/systems/till'

function holdfast(name: string, what: string, ...changes: readonly Change[]): Bug {
  return { name, what, folder: TILL, changes }
}

/** M… is the mutant's number in the design of the state. */
export const bugsOfHoldfast: readonly Bug[] = [
  holdfast(
    'dual-write',
    'The events are written in a second transaction, after the first has committed.',
    {
      file: 'src/edge/once.ts',
      right: 'if (flushed?.statement !== undefined) tx.beforeCommit(flushed.statement)',
      wrong: '',
    },
    {
      file: 'src/edge/once.ts',
      right: 'done.flushed?.committed()',
      wrong: `const { text, params } = done.flushed?.statement ?? {}
  if (text !== undefined) await site.database.query(text, params)
  done.flushed?.committed()`,
    },
  ),
  holdfast(
    'delete-before-send',
    'M5: the relay takes messages off its list before it sends them.',
    {
      file: 'src/edge/event/delivery.ts',
      right: 'const readAtMs = clock.monotonicMs()',
      wrong: `const readAtMs = clock.monotonicMs()
    await remove(this.#site.database, this.#edge.name, batch)`,
    },
  ),
  holdfast('ack-before-commit', 'M5: the consumer acknowledges an event before it has committed.', {
    file: 'src/edge/event/receive.ts',
    right: 'duplicates += await consumed(reception, group)',
    wrong: 'void consumed(reception, group).catch(() => 0)',
  }),
  holdfast(
    'failed-key-goes-on',
    'M6: a message that failed does not hold up the rest of its key.',
    {
      file: 'src/edge/event/queue.ts',
      right: `and (error is not null or due_at = '-infinity') and key <> ''`,
      wrong: 'and false',
    },
  ),
  holdfast('wake-is-the-only-signal', 'M7: the relay looks only when it is woken.', {
    file: 'src/edge/event/relay.ts',
    right: 'await this.#alarm.wait(timers, POLL_MS_MIN * (1 + random.float()))',
    wrong: 'await this.#alarm.wait(timers, 2 ** 30 + random.float())',
  }),
  holdfast(
    'reply-not-kept',
    'M10: the answer is not kept, so a repeated command gets an empty one.',
    {
      file: 'src/edge/once.ts',
      right: 'tx.beforeCommit(keptReply(wanted, { status, reply }))',
      wrong: 'void keptReply',
    },
  ),
  holdfast(
    'any-input-under-a-key',
    'M11: a key is not compared with the input that it came with.',
    {
      file: 'src/edge/once.ts',
      right: 'if (!sameBytes(found.fingerprint, wanted.fingerprint)) {',
      wrong: 'if (false && !sameBytes(found.fingerprint, wanted.fingerprint)) {',
    },
  ),
  holdfast('refusal-keeps-its-writes', 'What a handler wrote before it refused is committed.', {
    file: 'src/edge/once.ts',
    right: 'return { keep: !effect.isRefused, value: effect }',
    wrong: 'return { keep: true, value: effect }',
  }),
  holdfast('consumer-without-inbox', 'The consumer does not remember which events it has had.', {
    file: 'src/edge/once.ts',
    right: 'const fresh = await claiming(() => claimAll(tx, scope, ids), scope)',
    wrong: 'const fresh = new Set(ids); void claimAll; void scope',
  }),
  holdfast('command-without-inbox', 'The callee does not remember which keys it has had.', {
    file: 'src/edge/call/execute.ts',
    right: 'if (key === undefined) return undefined',
    wrong: 'if (key !== undefined || caller === input) return undefined',
  }),
  holdfast(
    'claim-commits-first',
    'The key is claimed by a transaction of its own, before the effect.',
    {
      file: 'src/edge/once.ts',
      right: 'await claiming(() => claim(tx, wanted), wanted.id)',
      wrong: 'await claiming(() => claim(site.database, wanted), wanted.id)',
    },
  ),
  holdfast('dead-at-the-first-failure', 'A message is given up when it fails for the first time.', {
    file: 'src/edge/event/retry.ts',
    right: 'export const ATTEMPTS_MAX = 12',
    wrong: 'export const ATTEMPTS_MAX = 1',
  }),
  holdfast(
    'commit-unknown-is-success',
    'M19: a commit without an answer is taken for one that was made.',
    {
      file: 'src/state/attempt.ts',
      right: 'throw isAnswered(error) ? this.#failed(error) : commitUnknown(error)',
      wrong: 'if (isAnswered(error)) throw this.#failed(error); void commitUnknown',
    },
  ),
  holdfast(
    'silence-is-an-acknowledgement',
    'A delivery that was not answered counts as delivered.',
    {
      file: 'src/edge/event/push.ts',
      right: 'throw timed.signal.aborted ? late() : error',
      wrong: 'if (!timed.signal.aborted) throw error; void late',
    },
  ),
]
