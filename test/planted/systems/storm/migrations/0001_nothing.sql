create table nothing (one boolean primary key);
