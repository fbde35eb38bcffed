create table heard (customer text primary key, name text not null);
