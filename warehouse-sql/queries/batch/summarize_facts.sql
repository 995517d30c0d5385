-- Has the indexes of a build's days know of rows that came after the index: a partition gets its rows when it has one, and of its last rows a
-- vacuum says nothing. Until then a question through dim_date reads them of each day (docs/decisions/0040). Null days are all.
select sum(brin_summarize_new_values(i.indexrelid))
from (
  -- Days of few facts share a table.
  select distinct table_name
  from batch.fact_partition
  where build = $1 and ($2::date[] is null or day = any ($2::date[]))
) as part
join pg_index as i on i.indrelid = to_regclass('parts.' || quote_ident(part.table_name))
join pg_class as index on index.oid = i.indexrelid
join pg_am as method on method.oid = index.relam
where method.amname = 'brin'
