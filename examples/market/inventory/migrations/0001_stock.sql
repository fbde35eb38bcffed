-- What was ever supplied, and what of it nobody has taken. The difference is reserved or sold.
create table stock (
  sku       text    primary key,
  supplied  integer not null,
  available integer not null check (available between 0 and supplied)
);

insert into stock (sku, supplied, available) values
  ('apple',   100000, 100000),
  ('pear',    100000, 100000),
  ('plum',    100000, 100000),
  ('saffron', 100000, 100000),
  ('truffle', 3, 3);

create table reservations (
  order_id uuid    primary key,
  sku      text    not null references stock,
  quantity integer not null check (quantity > 0),
  status   text    not null check (status in ('held', 'sold', 'released'))
);
