create table seen (id text primary key, cents int not null);
