-- A clock that is hours ahead does not move event time, and its events are in time all the same.
alter table speed.watermark_mark add column farthest bigint;

update speed.watermark_mark set farthest = greatest;

alter table speed.watermark_mark alter column farthest set not null;
comment on column speed.watermark_mark.greatest is 'how far event time had come with the records below next_offset, milliseconds since 1970: from there on, what is earlier by more than the allowed lateness is late';
comment on column speed.watermark_mark.farthest is 'the greatest time of a record below next_offset that was in time, milliseconds since 1970';
comment on column batch.replay_point.greatest is 'the greatest time of a record below record_offset that was in time, milliseconds since 1970';
