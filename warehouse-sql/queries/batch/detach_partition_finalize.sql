alter table {parent} detach partition {table} finalize
