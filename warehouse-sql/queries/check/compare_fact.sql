-- The facts of a day that only the lake gives, and the facts that only the warehouse has. Except all tells
-- copies apart: where one side has a fact twice and the other once, one copy differs.
(
  select 'only in the lake' as found, missing.*
  from (
    select {columns} from stage.{table} where ts >= $1 and ts < $2
    except all
    select {columns} from warehouse.{fact} where ts >= $1 and ts < $2
  ) as missing
  limit 1000
)
union all
(
  select 'only in the warehouse' as found, extra.*
  from (
    select {columns} from warehouse.{fact} where ts >= $1 and ts < $2
    except all
    select {columns} from stage.{table} where ts >= $1 and ts < $2
  ) as extra
  limit 1000
)
