create table book (isbn text primary key, title text not null);
