insert into undo.span (table_name, lower, upper)
select $1, min({time})::text, max({time})::text
from stage.{table}
having count(*) > 0
