-- Money is cents in integers; nothing is ever rounded.
create table prices (
  sku   text    primary key,
  cents integer not null check (cents > 0)
);

insert into prices (sku, cents) values
  ('apple',    50),
  ('pear',     60),
  ('plum',     40),
  ('truffle',  9900),   -- scarce: inventory has three
  ('saffron', 12000);   -- dear: five of them are over the provider's limit

create table orders (
  order_id uuid    primary key,
  sku      text    not null references prices,
  quantity integer not null check (quantity > 0),
  cents    integer not null check (cents > 0),
  status   text    not null check (status in ('pending', 'paid', 'rejected')),
  reason   text    check (reason in ('soldOut', 'declined')),
  check ((status = 'rejected') = (reason is not null))
);

-- "Is an order stuck?" must stay cheap when there are millions that are not.
create index orders_pending on orders (order_id) where status = 'pending';
