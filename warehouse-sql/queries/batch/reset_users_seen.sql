update warehouse.dim_user
set first_seen = null, last_seen = null, is_current = false
where first_seen is not null
