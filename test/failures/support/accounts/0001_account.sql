-- No check that the balance stays above zero: what keeps it there must be seen to do so.
create table account (
  id    text    primary key,
  cents integer not null
);

insert into account (id, cents) select 'a' || n, 100 from generate_series(0, 9) n;

create table withdrawal (
  id    text    primary key,
  cents integer not null
);
