-- Facts and rollups of each build, and one pointer to the build that is published. A full load makes a build beside the
-- published one and moves the pointer: nothing is swapped, and no reader waits. The tables of warehouse and batch
-- that people query become views of the published build, with the same names and columns.

create schema builds;
comment on schema builds is 'Facts and rollups of every build that is kept: the published one, the one before it until the next load, and one that waits for load publish. Query warehouse and batch.';

-- The pointer. It is partitioned as the rows are: a statement that was planned before a build was there finds
-- neither the build nor the pointer to it, and so reads the build before.

create table builds.published (
  build              integer     not null,
  turn               bigint,
  loaded_epoch       integer     not null,
  load_run_id        bigint,
  final_before       timestamptz not null,
  published_at       timestamptz,
  minutes_from       timestamptz not null,
  facts_know_credits boolean     not null
) partition by list (build);
comment on table builds.published is 'The state of each build. The one with the greatest turn is published; one without a turn is not.';
comment on column builds.published.turn is 'grows with each build that is published';

create table parts.published_b0 partition of builds.published for values in (0);
insert into builds.published
select
  0, 1, loaded_epoch, load_run_id, final_before, published_at, minutes_from, facts_know_credits
from batch.published;

-- The present tables become build 0. They are moved first, under their own names, so that the definitions of the views that
-- read them tell which names to put back.

alter table batch.published set schema parts;

create view batch.published as
select
  build, loaded_epoch, load_run_id, final_before, published_at, minutes_from, facts_know_credits
from builds.published
where turn = (select max(turn) from builds.published);
comment on view batch.published is 'The published build and its last load: speed rows of epochs up to loaded_epoch are in batch.';
comment on column batch.published.build is 'the full load that made the build';
comment on column batch.published.load_run_id is 'the load that was published last';
comment on column batch.published.final_before is 'minutes before this are complete, but for events that come later than the allowed lateness';
comment on column batch.published.minutes_from is 'rollups but minute_totals have no minutes before this; hours and days have all';
comment on column batch.published.facts_know_credits is 'false where facts were loaded before they said which song a page view is credited to: until the next full load no minutes are given up';

do $$
declare
  old record;
  seen record;
  columns text;
begin
  for old in
    select c.oid, n.nspname as schema, c.relname as name, obj_description(c.oid) as comment
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind = 'p' and n.nspname in ('warehouse', 'batch')
    order by c.relname
  loop
    execute format('alter table %I.%I set schema parts', old.schema, old.name);
    -- Columns of one width lie together, so that the two new ones fill gaps.
    select string_agg(
      format('%I %s %s', attname, format_type(atttypid, atttypmod), case when attnotnull then 'not null' end),
      ', ' order by
        case
          when attname in ('build', 'load_run_id') then 3
          when attlen = 8 then 1
          when attnotnull and attlen = 4 then 2
          when attlen = 4 then 4
          when attlen = 1 then 5
          else 6
        end, attnum)
    into columns
    from pg_attribute
    where attrelid = old.oid and attnum > 0 and not attisdropped;
    execute format('create table builds.%I (%s) partition by list (build)', old.name, columns);
    execute format('comment on table builds.%I is %L', old.name, old.comment || ' By build.');
    execute format('alter table builds.%I alter column build set default 0', old.name);
    execute format('alter table builds.%I alter column load_run_id set default 0', old.name);

    select string_agg(quote_ident(attname), ', ' order by attnum) into columns
    from pg_attribute
    where attrelid = old.oid and attnum > 0 and not attisdropped and attname <> 'build';
    execute format(
      'create view %I.%I as select %s from builds.%I
       where build = (select build from batch.published)%s',
      old.schema, old.name, columns, old.name,
      case when old.name ~ '^minute_' and old.name <> 'minute_totals'
        then ' and minute >= (select minutes_from from batch.published)' end);
    execute format('comment on view %I.%I is %L', old.schema, old.name, old.comment);
    execute format(
      'comment on column %I.%I.load_run_id is %L', old.schema, old.name,
      'the load that wrote the row last (warehouse.load_run); 0 for one from before rows said so');
    for seen in
      select attname, col_description(old.oid, attnum) as comment
      from pg_attribute
      where attrelid = old.oid and attnum > 0 and col_description(old.oid, attnum) is not null
    loop
      execute format(
        'comment on column %I.%I.%I is %L', old.schema, old.name, seen.attname, seen.comment);
    end loop;
  end loop;

  -- The views that read these tables read the new views now.
  for seen in
    select format('%I.%I', schemaname, viewname) as name,
      regexp_replace(
        regexp_replace(definition, '\mparts\.fact_', 'warehouse.fact_', 'g'),
        '\mparts\.', 'batch.', 'g') as definition
    from pg_views
    where schemaname in ('layers', 'serving') and definition ~ '\mparts\.'
  loop
    execute format('create or replace view %s as %s', seen.name, seen.definition);
  end loop;

  for old in
    select relname as name
    from pg_class
    where relkind = 'p' and relnamespace = 'builds'::regnamespace and relname <> 'published'
  loop
    execute format('alter table parts.%1$I rename to %1$s_b0', old.name);
    execute format(
      'alter table builds.%1$I attach partition parts.%1$s_b0 for values in (0)', old.name);
  end loop;
end
$$;

drop table parts.published;

-- Which table has a day's facts, now by build.

alter table batch.fact_partition
  add column build integer not null default 0,
  drop constraint fact_partition_pkey,
  add primary key (build, fact, day);
alter table batch.fact_partition alter column build drop default;
comment on table batch.fact_partition is 'Which table of the schema parts is the partition of a build''s fact for a day (UTC).';
