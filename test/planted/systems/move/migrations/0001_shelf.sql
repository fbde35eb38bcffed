create table shelf (
  one   boolean primary key default true,
  state text    not null,
  total int     not null default 0
);

create table seen (id text primary key);

insert into shelf (state) values ('closed');
