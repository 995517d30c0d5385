update warehouse.dim_user
set first_seen = null, last_seen = null, is_current = (user_key = 0)
where first_seen is not null
