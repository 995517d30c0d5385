-- The first and the last time of staged rows; null where there are none.
select min({time})::text, max({time})::text from stage.{table}
