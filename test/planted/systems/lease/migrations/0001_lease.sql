create table lease (
  name       text        primary key,
  token      int         not null,
  expires_at timestamptz not null
);

create table vault (one boolean primary key default true, token int not null default 0);
insert into vault default values;

create table written (seq serial primary key, token int not null, holder text not null);
