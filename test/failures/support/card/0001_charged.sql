-- No constraint keeps a card from being charged twice: whether it is shows what the arrow is worth.
create table charged (n serial primary key, order_id text not null);
