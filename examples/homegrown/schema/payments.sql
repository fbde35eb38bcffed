create table payments (
  order_id uuid primary key,
  receipt text not null
);
