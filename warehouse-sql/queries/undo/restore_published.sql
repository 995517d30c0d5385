delete from builds.published where build = (select build from undo.published);
insert into builds.published select * from undo.published
