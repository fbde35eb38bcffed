-- Double entry: the entries of an order sum to zero when its transaction commits, or it does not.
create table entries (
  order_id uuid    not null,
  account  text    not null check (account in ('cash', 'sales')),
  cents    integer not null check (cents <> 0),
  primary key (order_id, account)
);

create index entries_account on entries (account) include (cents);

create function entries_balance() returns trigger language plpgsql as $$
begin
  if (select sum(cents) from entries where order_id = new.order_id) <> 0 then
    raise exception 'the entries of order % do not sum to zero', new.order_id
      using errcode = 'check_violation';
  end if;
  return null;
end
$$;

create constraint trigger entries_balance after insert or update on entries
  deferrable initially deferred
  for each row execute function entries_balance();
