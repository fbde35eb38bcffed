-- No tables: what is measured is the simulator without any SQL of a handler.
select 1;
