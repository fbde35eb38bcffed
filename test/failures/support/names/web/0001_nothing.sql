create table nothing (id text primary key);
