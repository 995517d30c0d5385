alter table {parent} detach partition {table} concurrently
