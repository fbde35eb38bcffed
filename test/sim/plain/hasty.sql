create table orders (id text primary key);
create table parcels (id text primary key);
