create table charges (id text);
