create table entry (id int primary key, words text not null);
