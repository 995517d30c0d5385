delete from {target}
where day >= $1::text::date and day <= $2::text::date
