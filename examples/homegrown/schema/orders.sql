create table orders (
  id uuid primary key,
  customer text not null,
  cents integer not null check (cents > 0),
  status text not null default 'pending'
);

create table outbox (
  id bigserial primary key,
  order_id uuid not null references orders,
  sent_at timestamptz
);

create table idempotency_keys (
  key text primary key,
  answer jsonb not null
);
