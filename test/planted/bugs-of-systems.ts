/**
 * The classics of distributed systems, each in a small system of its own.
 */
import type { Bug } from './bug.ts'

const SYSTEMS = 'test/planted/systems'

export const bugsOfSystems: readonly Bug[] = [
  {
    name: 'lease-without-fence',
    what: 'The vault trusts whoever once held the lease.',
    folder: `${SYSTEMS}/lease`,
    changes: [
      {
        file: `${SYSTEMS}/lease/system.ts`,
        right: 'where token <= $1',
        wrong: 'where token <= $1 or true',
      },
    ],
  },
  {
    name: 'lease-row-deleted',
    what: 'M17: a lease that is given back is deleted, so its token begins again.',
    folder: `${SYSTEMS}/lease`,
    changes: [
      {
        file: `${SYSTEMS}/lease/system.ts`,
        right: `update lease set expires_at = '-infinity' where`,
        wrong: 'delete from lease where',
      },
    ],
  },
  {
    name: 'reshard-loss',
    what: 'M29: a shard is copied while it is still written to.',
    folder: `${SYSTEMS}/move`,
    changes: [
      {
        file: `${SYSTEMS}/move/system.ts`,
        right: `update shelf set state = 'sealed'`,
        wrong: 'update shelf set state = state',
      },
    ],
  },
  {
    name: 'inbox-left-behind',
    what: 'M30: a shard moves, but not what it remembers of the commands that it has had.',
    folder: `${SYSTEMS}/move`,
    changes: [
      {
        file: `${SYSTEMS}/move/system.ts`,
        right: 'select unnest($1::text[])',
        wrong: 'select unnest($1::text[]) where false',
      },
    ],
  },
  {
    name: 'last-write-by-wall-clock',
    what: 'Of two words the one with the later time of day wins.',
    folder: `${SYSTEMS}/lww`,
    changes: [
      {
        file: `${SYSTEMS}/lww/system.ts`,
        right: 'version: known.version + 1',
        wrong: 'version: Date.now()',
      },
    ],
  },
  {
    name: 'retry-storm',
    what: 'Retries cost nothing, so a sick service is asked half as often again.',
    folder: `${SYSTEMS}/storm`,
    changes: [
      {
        file: 'src/policy/budget.ts',
        right: 'if (this.#balance < this.#callsPerRetry) return false',
        wrong: '',
      },
    ],
  },
  {
    name: 'stale-cache',
    what: 'What was kept once is served for ever.',
    folder: `${SYSTEMS}/cache`,
    changes: [
      {
        file: 'src/policy/cache.ts',
        right: 'if (nowMs < entry.freshUntilMs) return',
        wrong: 'if (nowMs < Infinity) return',
      },
      {
        file: 'src/policy/cache.ts',
        right: 'return nowMs < entry.freshUntilMs + this.#options.staleWhileRevalidateMs',
        wrong: 'return true',
      },
    ],
  },
  {
    name: 'double-compensation',
    what: 'M26: a refund has a new key each time, so a repeated one is paid twice.',
    folder: `${SYSTEMS}/trip`,
    changes: [
      {
        file: `${SYSTEMS}/trip/system.ts`,
        right: 'key: ({ id }) => id }',
        wrong: 'key: () => crypto.randomUUID() }',
      },
    ],
  },
  {
    name: 'unknown-is-a-no',
    what: 'M26: a seat of which nobody knows whether it was taken counts as not taken.',
    folder: `${SYSTEMS}/trip`,
    changes: [
      {
        file: `${SYSTEMS}/trip/system.ts`,
        right: `if (seat.kind !== 'refused') throw seat.error`,
        wrong: '',
      },
    ],
  },
]
