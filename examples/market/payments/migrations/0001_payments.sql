create table payments (
  order_id  uuid    primary key,
  cents     integer not null check (cents > 0),
  status    text    not null check (status in ('charged', 'declined')),
  charge_id text    unique,
  check ((status = 'charged') = (charge_id is not null))
);
