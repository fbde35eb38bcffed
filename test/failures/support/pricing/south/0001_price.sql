-- Each service has a table of its own: the list keeps the prices, a shop keeps a copy of them.
create table price (sku text primary key, cents integer not null);
