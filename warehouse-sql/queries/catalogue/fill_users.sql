-- Gives the states of users ($1) what the catalogue says of them; null looks at all. Rows that somebody else is changing are
-- left to the next time, and counted.
with lacking as materialized (
  select d.user_key, c.age, c.country
  from warehouse.dim_user as d
  join warehouse.catalogue_user as c using (user_id)
  where ($1::bigint[] is null or d.user_id = any ($1::bigint[]))
    and row(d.age, d.country) is distinct from row(c.age, c.country)
),
due as (
  select d.user_key, l.age, l.country
  from warehouse.dim_user as d
  join lacking as l using (user_key)
  order by d.user_key
  for update of d skip locked
),
filled as (
  update warehouse.dim_user as d
  set age = due.age, country = due.country
  from due
  where d.user_key = due.user_key
  returning d.user_key
),
noted as (
  update warehouse.catalogue_fill set fills = fills + 1 where exists (select from filled)
)
select (select count(*) from lacking) - (select count(*) from due) as left_out
