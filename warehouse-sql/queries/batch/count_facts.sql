-- How many events of a stretch of time are facts of a table: all of its rows, or those that {which} is true for.
select count(*) from {fact} where ts >= $1 and ts < $2 and {which}
