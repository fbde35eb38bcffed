-- No check that a balance stays above zero: what keeps it there must be seen to do so.
create table accounts (
  id    text    primary key,
  cents integer not null
);

insert into accounts (id, cents) values ('ada', 1000), ('ben', 1000), ('cleo', 1000);

create table transfers (
  id     text    primary key,
  source text    not null references accounts,
  target text    not null references accounts,
  cents  integer not null check (cents > 0)
);
