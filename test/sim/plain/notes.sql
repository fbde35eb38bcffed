create table notes (id text primary key, body jsonb);
