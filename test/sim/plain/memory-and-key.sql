create table charges (id text primary key);
