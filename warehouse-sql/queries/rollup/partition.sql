select inhrelid::regclass::text from pg_inherits where inhparent = ('batch.' || $1::text)::regclass
