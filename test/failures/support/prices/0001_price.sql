create table price (sku text primary key, cents numeric);
