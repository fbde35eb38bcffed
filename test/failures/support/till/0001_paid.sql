create table paid (order_id text primary key);
