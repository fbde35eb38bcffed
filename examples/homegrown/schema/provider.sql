create table charges (
  receipt uuid primary key,
  idempotency_key text unique,
  order_id uuid not null,
  cents integer not null
);
