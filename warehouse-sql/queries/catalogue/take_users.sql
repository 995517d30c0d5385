-- Takes over records that are later than those that are there, of each key the last one. The key's partition is always the same
-- one, but for a topic that has got more partitions. A record that says once more what is there changes nothing.
insert into warehouse.catalogue_user as t
select distinct on (user_id) * from pg_temp.new_catalogue_user
order by user_id, partition desc, record_offset desc
on conflict (user_id) do update
set
  first_name = excluded.first_name, last_name = excluded.last_name, gender = excluded.gender, age = excluded.age,
  country = excluded.country, registration = excluded.registration, partition = excluded.partition,
  record_offset = excluded.record_offset
where (excluded.partition <> t.partition or excluded.record_offset > t.record_offset)
  and row(t.first_name, t.last_name, t.gender, t.age, t.country, t.registration)
    is distinct from row(
      excluded.first_name, excluded.last_name, excluded.gender, excluded.age, excluded.country, excluded.registration
    )
