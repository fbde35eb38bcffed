create table price (one boolean primary key default true, cents int not null default 0);
insert into price default values;
