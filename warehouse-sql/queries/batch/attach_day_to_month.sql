-- A day as a partition by date_key. What is attached has a matching constraint, so nothing is read.
alter table {month} attach partition {table} for values from ({day}) to ({beyond_day})
