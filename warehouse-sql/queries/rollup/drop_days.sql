delete from {target}
where day >= $1::date and day <= $2::date
