create table line (order_id text not null, n int not null, primary key (order_id, n));
