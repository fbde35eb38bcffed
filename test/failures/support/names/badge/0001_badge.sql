create table badge (customer text primary key, name text not null, at text not null);
