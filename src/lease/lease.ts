/**
 * Leases: who may act alone, for how long, and with which number to prove it.
 *
 * Intuition: the row of a lease is a chair with a clock above it. Whoever sits down draws a number
 * that is higher than every number before it; whoever stays must wind the clock. The clock hangs at
 * the database, so that the clocks of the processes do not matter; the holder only measures, on its
 * own monotonic clock, how long it may still believe that it sits.
 *
 * Invariants:
 *   L1. Only the database's clock decides that a lease has expired.
 *   L2. A holder stops believing before the database does: its deadline counts from before the request
 *       was sent, and is shorter than the lease by a margin.
 *   L3. The token of a name only grows. A renewal keeps it, everything else raises it: a lease that
 *       expired gets a new token even if its old holder takes it again.
 *   L4. Rows are never deleted, or the next token would start again from below.
 *   L5. A token carries the timeline of the write-ahead log in its high bits: after a fail-over that
 *       lost the last grants, the new primary cannot grant a number that the old one gave away.
 *   L6. A renewal touches no key column, so that it never waits for a transaction that holds the row
 *       `for key share`, as a fence does; a takeover changes `(name, token)`, which is unique, and waits.
 *
 * The statement reads before it takes: `on conflict` would lock the rows of living holders, too, even
 * where its condition is false, and every process that stands by would hinder every renewal.
 *
 * Rejected: advisory locks of the session, which die with a pooled connection and prove nothing to
 * the store; expiry by the clock of a process.
 */
import { Deadline } from '#clock'
import { assert } from '#errors'
import type { Database } from '#state'
import type { Clock } from '#world'

/** The right to act alone under a name, until its deadline. */
export interface Lease {
  readonly name: string
  /** Higher than every token of the name before it; travels with whatever is done under the lease. */
  readonly token: bigint
  /** When to stop by itself, if no renewal succeeds before. */
  readonly deadline: Deadline
}

/** Grants leases to one holder, which is one start of one process. */
export interface LeaseStore {
  /**
   * Renews what the holder has and takes what nobody has. Gives every lease that is held now: a name
   * that is missing belongs to somebody else.
   */
  acquire(names: readonly string[]): Promise<readonly Lease[]>
  /** Gives leases back, so that the next holder need not wait. What was lost meanwhile is left alone. */
  release(leases: readonly Lease[]): Promise<void>
}

/** What a lease store is made of. */
export interface LeaseStoreOptions {
  readonly database: Database
  readonly clock: Clock
  /** Random for each start of a process: a restart must not inherit what it forgot. */
  readonly holder: string
  /** How long a lease lives without renewal, in ms. Renew at least three times as often. */
  readonly ttlMs: number
}

/** The share of the ttl by which a holder stops early: covers clocks that do not run equally fast. */
const MARGIN_SHARE = 0.1

/** Names that one statement may ask for. */
const NAMES_MAX = 10_000

/** Leases in a service's own database. */
export function databaseLeases(options: LeaseStoreOptions): LeaseStore {
  const { database, clock, holder, ttlMs } = options
  return {
    async acquire(names) {
      assert(names.length <= NAMES_MAX, `at most ${NAMES_MAX} leases are asked for at once`)
      if (names.length === 0) return []
      const deadline = Deadline.in(clock, ttlMs * (1 - MARGIN_SHARE))
      const { rows } = await database.query<{ name: string; token: string }>(
        ACQUIRE,
        [names.toSorted(), holder, ttlMs],
        { timeoutMs: ttlMs },
      )
      return rows.map(({ name, token }) => ({ name, token: BigInt(token), deadline }))
    },
    async release(leases) {
      if (leases.length === 0) return
      const tokens = leases.map((each) => each.token.toString())
      await database.query(RELEASE, [leases.map((each) => each.name), tokens, holder])
    },
  }
}

/**
 * Expires every lease of a database that nobody else can have open, and counts them. Call it once,
 * at start: all holders are earlier processes, which are dead, and waiting for them is idle.
 */
export async function vacate(database: Database): Promise<number> {
  assert(database.exclusive, 'only an exclusive database has no other living holder')
  const { rowCount } = await database.query(
    `update hf.lease set expires_at = '-infinity' where expires_at >= clock_timestamp()`,
  )
  return rowCount
}

// Rows are locked in the order of their names, so that two processes cannot lock each other out.
const ACQUIRE = `
  with timeline as (
    select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint << 32 as base),
  mine as (
    select name from hf.lease
    where name = any($1::text[]) and holder = $2 and expires_at >= clock_timestamp()
    order by name for no key update),
  renewed as (
    update hf.lease set expires_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
    where name in (select name from mine)
    returning name, token),
  vacant as (
    select wanted.name from unnest($1::text[]) as wanted(name)
    where wanted.name not in (select name from renewed) and not exists (
      select 1 from hf.lease taken
      where taken.name = wanted.name and taken.expires_at >= clock_timestamp())
    order by wanted.name),
  taken as (
    insert into hf.lease as old (name, holder, token, expires_at)
    select name, $2, base + 1, clock_timestamp() + $3::float8 * interval '1 millisecond'
    from vacant, timeline
    on conflict (name) do update set
      holder = excluded.holder,
      token = greatest(old.token + 1, excluded.token),
      expires_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
      where old.expires_at < clock_timestamp()
    returning name, token)
  select name, token::text from renewed union all select name, token::text from taken`

const RELEASE = `
  update hf.lease set expires_at = '-infinity'
  from unnest($1::text[], $2::bigint[]) as mine(name, token)
  where lease.name = mine.name and lease.token = mine.token and lease.holder = $3`
