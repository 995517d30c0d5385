-- The first event of all tangled users in the load; null where there are none. PostgreSQL reads the facts from there on in
-- parallel if it knows the time beforehand.
select min(since)::text from stage.{states}
