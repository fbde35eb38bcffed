-- In the order in which they were heard; nothing here forbids to hear of a deposit twice.
create table heard (seq serial primary key, account text not null, number int not null);
