-- Which of these identities the speed layer has counted outside the window since the last load.
select identity from speed.late_event where topic = $1 and identity = any ($2::bigint[])
