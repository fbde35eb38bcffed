create table deposit (
  id    text primary key,
  cents int not null check (cents > 0),
  ref   uuid not null default gen_random_uuid(),
  at    timestamptz not null default now()
);

create table meter (one boolean primary key default true, ticks int not null default 0);
insert into meter default values;
