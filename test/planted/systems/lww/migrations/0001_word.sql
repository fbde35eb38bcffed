create table word (
  one     boolean          primary key default true,
  text    text             not null default '',
  version double precision not null default 0,
  place   text             not null default ''
);

insert into word default values;
