create table bill (
  id    text    primary key,
  cents integer not null
);
