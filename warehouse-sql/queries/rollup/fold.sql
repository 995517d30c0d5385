-- Replaces the rows of each key and closed minute, within a stretch of a rollup's table, by their sum. This is one
-- statement, so that every reader sees either the rows or their sum. Nobody else changes these rows: flushes
-- only append.
with counted as (
  select ctid as place, count(*) over (partition by {keys}) as rows
  from {table}
  where ctid >= $1::text::tid and ctid < $2::text::tid and minute < $3
),
taken as (
  delete from {table} as t
  using counted as c
  where t.ctid = c.place and c.rows > 1
  returning t.*
)
insert into {table}
  ({keys}, {counters}, {sketches})
select
  {keys},
  {counters: sum(*)},
  {sketches: hll_union_agg(*)}
from taken
group by {keys}
