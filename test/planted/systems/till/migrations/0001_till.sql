create table account (
  name     text primary key,
  cents    int  not null default 0,
  deposits int  not null default 0
);

insert into account (name) values ('ada'), ('ben');

create table entry (
  seq     serial primary key,
  id      text not null,
  account text not null,
  cents   int  not null
);

create table meter (one boolean primary key default true, ticks int not null default 0);
insert into meter default values;
