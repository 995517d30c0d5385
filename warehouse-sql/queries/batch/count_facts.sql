-- How many events of a stretch of time are facts.
select count(*) from {fact} where ts >= $1 and ts < $2
