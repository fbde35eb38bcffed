create table purse (one boolean primary key default true, cents int not null default 1000);
insert into purse default values;

create table seat (id text primary key);
create table booked (id text primary key, seated boolean not null);
