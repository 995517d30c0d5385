-- Records that Kafka's retention dropped before they were counted, and that somebody said to go on without (--accept-loss).

create table warehouse.lost_range (
  topic       text        not null,
  partition   integer     not null,
  from_offset bigint      not null,
  to_offset   bigint      not null,
  intact_at   timestamptz,
  noticed_at  timestamptz not null default now(),
  noticed_by  text        not null check (noticed_by in ('speed', 'archive', 'load')),
  counted_by  bigint,
  primary key (topic, partition, from_offset, noticed_by),
  check (from_offset >= 0 and to_offset > from_offset)
);
comment on table warehouse.lost_range is 'Stretches of the log whose records were gone before they were read, and that were passed over because somebody said so (--accept-loss).';
comment on column warehouse.lost_range.topic is 'topic of the log';
comment on column warehouse.lost_range.partition is 'partition of the topic';
comment on column warehouse.lost_range.from_offset is 'offset of the first record that is lost';
comment on column warehouse.lost_range.to_offset is 'one past the offset of the last record that is lost; offsets that never had a record may be among them';
comment on column warehouse.lost_range.intact_at is 'the last time at which all of them are known to have been there; null where that is not known';
comment on column warehouse.lost_range.noticed_at is 'when the loss was noticed and accepted';
comment on column warehouse.lost_range.noticed_by is 'who noticed it: speed has not counted them, archive has not copied them to the lake, load has not found them in the lake';
comment on column warehouse.lost_range.counted_by is 'the load that has counted them all the same, because the lake had them; null where they are lost';

-- Two may have noticed the same records.
create view warehouse.lost_records as
select
  l.topic, l.partition, lower(stretch) as from_offset, upper(stretch) as to_offset,
  upper(stretch) - lower(stretch) as records,
  (
    select min(m.noticed_at)
    from warehouse.lost_range as m
    where m.topic = l.topic and m.partition = l.partition and m.counted_by is null
      and int8range(m.from_offset, m.to_offset) && stretch
  ) as accepted_at
from (
  select topic, partition, range_agg(int8range(from_offset, to_offset)) as stretches
  from warehouse.lost_range
  where counted_by is null
  group by topic, partition
) as l
cross join lateral unnest(l.stretches) as stretch;
comment on view warehouse.lost_records is 'Records that neither layer has counted or ever will, each once, whoever noticed.';
comment on column warehouse.lost_records.topic is 'topic of the log';
comment on column warehouse.lost_records.partition is 'partition of the topic';
comment on column warehouse.lost_records.from_offset is 'offset of the first record that is lost';
comment on column warehouse.lost_records.to_offset is 'one past the offset of the last record that is lost';
comment on column warehouse.lost_records.records is 'how many, at most';
comment on column warehouse.lost_records.accepted_at is 'when that was first accepted';
