insert into undo.published
select * from builds.published where build = (select build from batch.published);
insert into undo.progress select * from batch.progress;
insert into undo.counted_ahead select * from batch.counted_ahead
