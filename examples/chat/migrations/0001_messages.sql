create table messages (
  id      text    primary key,
  author  text    not null,
  words   text    not null,
  -- What it answers. No foreign key: it may be on its way.
  answers text,
  stamp   bigint  not null,
  -- False while what it answers is not here, or is not shown itself.
  shown   boolean not null
);

create index messages_shown on messages (stamp, id) where shown;
create index messages_waiting on messages (answers) where not shown;
