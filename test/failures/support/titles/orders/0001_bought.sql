create table bought (id text primary key, customer text not null, isbn text not null);
create table book (isbn text primary key, title text not null);
