-- No constraint keeps a line from being packed twice: whether it is shows what the arrow is worth.
create table packed (place serial primary key, order_id text not null, n int not null);
