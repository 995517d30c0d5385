-- Gives the text of a query that compares a published rollup ($1) with what the lake gives (the staged tables
-- $2 and $3, added up). That query has a row for each key that differs, with the columns in which it does. The
-- key columns are those that are never null; in the other columns null means 0 or the empty sketch. Where minutes
-- are given up some day ($4), those that are published no more are left out.
with columns as (
  select
    attname as name, attnum, attnotnull as is_key, atttypid = 'hll'::regtype as is_sketch
  from pg_attribute
  where attrelid = ('builds.' || $1)::regclass and attnum > 0 and not attisdropped
    and attname not in ('build', 'load_run_id')
),
parts as (
  select
    attnum, is_key, format('%I', name) as name,
    case
      when is_key then null
      when is_sketch then format('hll_union_agg(%I) as %I', name, name)
      else format('coalesce(sum(%I), 0)::bigint as %I', name, name)
    end as added_up,
    case
      when is_key then null
      when is_sketch then format('lake.%I is distinct from published.%I', name, name)
      else format('coalesce(lake.%I, 0) <> coalesce(published.%I, 0)', name, name)
    end as differs,
    case
      when is_sketch then format('round(coalesce(hll_cardinality(%%s.%I), 0))', name)
      else format('coalesce(%%s.%I, 0)', name)
    end as shown
  from columns
)
select format(
  $query$
  select %1$s, concat_ws(', ', %2$s) as differs
  from (
    select %1$s, %3$s
    from (select * from %4$s union all select * from %5$s) as staged
    group by %1$s
  ) as lake
  full join (select * from %6$s %8$s) as published using (%1$s)
  where %7$s
  limit 1000
  $query$,
  string_agg(name, ', ' order by attnum) filter (where is_key),
  string_agg(
    format(
      'case when %s then format(%L, %s, %s) end', differs, name || ' %s in the lake, %s published',
      format(shown, 'lake'), format(shown, 'published')),
    ', ' order by attnum) filter (where not is_key),
  string_agg(added_up, ', ' order by attnum) filter (where not is_key),
  $2::regclass, $3::regclass, format('batch.%I', $1),
  string_agg(differs, ' or ' order by attnum) filter (where not is_key),
  case when $4 then 'where minute >= (select minutes_from from batch.published)' end)
from parts
