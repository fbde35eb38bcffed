-- `cents` is what a customer has, `reserved` what of it is promised to orders that are not paid yet.
create table account (
  id       text    primary key,
  cents    integer not null,
  reserved integer not null default 0
);

insert into account (id, cents) values ('a1', 100);
