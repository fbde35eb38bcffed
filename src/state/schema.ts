/**
 * The tables that Holdfast keeps in a service's own database, in the schema `hf`.
 *
 * They are there, and not in a store of their own, because their rows must commit together with the
 * rows of the handler. They are migrated like the service's own tables, before them.
 *
 * Each column says in the database itself what it is for: `\\d+ hf.outbox` in psql prints it.
 */
import type { Migration } from './migration.ts'

/** Where the applied migrations are kept. Created before the first migration can be. */
export const MIGRATION_TABLE = `
create schema if not exists hf;
create table if not exists hf.migration (
  scope    text        not null,
  number   int         not null,
  name     text        not null,
  checksum text        not null,
  at       timestamptz not null default clock_timestamp(),
  primary key (scope, number)
);
comment on table  hf.migration          is 'What was applied to this database, and from which text';
comment on column hf.migration.scope    is 'hf: these tables; service: the service''s own';
comment on column hf.migration.checksum is 'SHA-256 of the file with \\n line ends, in hexadecimal'`

/** The framework's own migrations. Applied ones never change; a change is a new one. */
export const FRAMEWORK_MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'lease_outbox_inbox',
    sql: `
-- No cache: with one, sessions would hand out blocks of numbers and seq would not follow commit order.
create sequence hf.seq cache 1;

create table hf.lease (
  name       text primary key,
  token      bigint not null,
  holder     text   not null,
  expires_at timestamptz not null,
  cursor     text,
  info       jsonb not null default '{}',
  constraint lease_fence unique (name, token)
) with (fillfactor = 50);
comment on table  hf.lease            is 'Who may act alone. Rows are never deleted: tokens only grow';
comment on column hf.lease.token      is 'Fencing token; its unique index makes FOR KEY SHARE wait for a takeover';
comment on column hf.lease.holder     is 'Names the process, anew at each start';
comment on column hf.lease.expires_at is 'By the database''s own clock; -infinity when released';
comment on column hf.lease.cursor     is 'How far the holder has got, where it has a place to keep';
comment on column hf.lease.info       is 'For people: host, pid, version of the holder';

create table hf.outbox (
  edge     text     not null,
  part     smallint not null,
  seq      bigint   not null default nextval('hf.seq'),
  id       text     not null,
  key      text     not null default '',
  body     jsonb    not null,
  head     jsonb    not null default '{}',
  due_at   timestamptz,
  attempts int      not null default 0,
  error    text,
  bucket   int,
  at       timestamptz not null default clock_timestamp(),
  -- The edge comes first: by seq alone, the backlog of one dead edge would be scanned for all others.
  primary key (edge, part, seq)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0);
-- Only waiting rows: the usual row is delivered at once and never enters this index.
create index outbox_due on hf.outbox (edge, part, due_at) where due_at is not null;
comment on table  hf.outbox          is 'Events on their way: a row is deleted when its consumer has it';
comment on column hf.outbox.edge     is 'source>target: one row for each subscriber';
comment on column hf.outbox.part     is 'Partition of the edge; one relay holds the lease of one part';
comment on column hf.outbox.seq      is 'Order within a key is the order of commits';
comment on column hf.outbox.id       is 'The consumer''s dedupe key, the same on every try';
comment on column hf.outbox.key      is 'Ordering key; empty if no order is promised';
comment on column hf.outbox.body     is 'The event';
comment on column hf.outbox.head     is 'Name of the event, trace, time of emission';
comment on column hf.outbox.due_at   is 'Next try; null: at once; infinity: dead, waits for an operator';
comment on column hf.outbox.attempts is 'Failed tries so far';
comment on column hf.outbox.error    is 'What the last try failed with';
comment on column hf.outbox.bucket   is 'Shard bucket of the key, where the service is sharded';

create table hf.inbox (
  scope  text not null,
  id     text not null,
  state  text not null default 'done' check (state in ('done', 'void', 'dead')),
  fp     bytea,
  status int,
  reply  text,
  bucket int,
  at     timestamptz not null default clock_timestamp(),
  primary key (scope, id)
);
-- Rows are inserted in the order of time, so a few pages tell which blocks are old enough to delete.
create index inbox_gc on hf.inbox using brin (at);
comment on table  hf.inbox        is 'What was done, in the transaction that did it';
comment on column hf.inbox.scope  is 'call:service.operation:caller, or event:edge';
comment on column hf.inbox.id     is 'Idempotency key of the call, or id of the event';
comment on column hf.inbox.state  is 'done; void: cancelled before it came; dead: given up by an operator';
comment on column hf.inbox.fp     is 'SHA-256 of the input: another input under the same key is refused';
comment on column hf.inbox.status is 'HTTP status of the answer';
comment on column hf.inbox.reply  is 'The answer''s exact bytes, so that a replay is the same; not jsonb, which would rewrite them';
comment on column hf.inbox.bucket is 'Shard bucket of the key, where the service is sharded';
`,
  },
]
