-- A layer keeps nothing: it only asks.
select 1;
