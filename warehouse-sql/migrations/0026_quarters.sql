-- Running totals: how often a song was played, and a user played songs, from the first day of a quarter up to each of its
-- days. What was played within any range is the difference of two of these, which is how top lists of months and
-- years are found without adding up every day (docs/decisions/0017).

create function layers.quarter_of(day date) returns date
language sql immutable parallel safe
return date_trunc('quarter', day::timestamp)::date;
comment on function layers.quarter_of is 'The first day of the quarter that a day is in.';

-- What a member is called, as a number: members of one name are one line of a top list.

create function layers.label(a text) returns bigint
language sql immutable parallel safe
return hashtextextended(coalesce(a, ''), 0);
create function layers.label(a text, b text) returns bigint
language sql immutable parallel safe
return hashtextextended(coalesce(a, ''), hashtextextended(coalesce(b, ''), 0));
comment on function layers.label(text) is 'A name as a number.';
comment on function layers.label(text, text) is 'A name of two parts as a number.';

create index dim_song_label on warehouse.dim_song (layers.label(title, artist));
create index dim_user_label on warehouse.dim_user (layers.label(user_id::text));

create function layers.running(days integer[], counts integer[]) returns integer[]
language plpgsql immutable strict parallel safe
as $$
declare
  first integer := days[1];
  last  integer := days[1];
  place integer := 1;
  total integer := 0;
  day   integer;
  sums  integer[];
begin
  foreach day in array days loop
    if day < first then first := day; elsif day > last then last := day; end if;
  end loop;
  sums := array_fill(0, array[last - first + 1], array[first]);
  foreach day in array days loop
    sums[day] := sums[day] + counts[place];
    place := place + 1;
  end loop;
  for day in first .. last loop
    total := total + sums[day];
    sums[day] := total;
  end loop;
  return sums;
end
$$;
comment on function layers.running is 'Counts of days, in any order, added up: element n is the sum up to day n, from the first of the days to the last of them.';

create function layers.added(a integer[], b integer[]) returns integer[]
language plpgsql immutable strict parallel safe
as $$
declare
  sums  integer[] := a;
  first integer := array_lower(b, 1);
  last  integer := array_upper(b, 1);
  a_first integer := array_lower(a, 1);
  a_last integer := array_upper(a, 1);
begin
  if first < a_first then
    sums := array_fill(0, array[a_first - first], array[first]) || sums;
  end if;
  if last > a_last then
    sums := sums || array_fill(a[a_last], array[last - a_last]);
    a_last := last;
  end if;
  for day in first .. a_last loop
    sums[day] := sums[day] + b[least(day, last)];
  end loop;
  return sums;
end
$$;
comment on function layers.added is 'The sum of two of layers.running: from the earlier first day to the later last day.';

do $$
declare
  rollup text;
  label  text;
  build  text;
begin
  for rollup, label in values ('song', 'title, artist'), ('user', 'user_id::text') loop
    execute format(
      'create table builds.quarter_%1$s (
         %1$s_key    bigint    not null,
         label       bigint    not null,
         quarter     date      not null,
         build       integer   not null default 0,
         load_run_id integer   not null default 0,
         listens     integer[] not null
       ) partition by list (build)', rollup);
    execute format(
      'comment on table builds.quarter_%s is %L', rollup,
      'Listens of each quarter, as running totals. By build.');
    execute format(
      'create view batch.quarter_%1$s as
       select quarter, %1$s_key, label, load_run_id, listens
       from builds.quarter_%1$s
       where build = (select build from batch.published)', rollup);
    execute format(
      'comment on view batch.quarter_%s is %L', rollup,
      'Listens of each quarter, as running totals; one row for each key that was listened to. What top lists are found by.');
    execute format(
      'comment on column batch.quarter_%s.quarter is %L', rollup, 'the first day of the quarter');
    execute format(
      'comment on column batch.quarter_%s.label is %L', rollup,
      format('layers.label(%s) of the member', label));
    execute format(
      'comment on column batch.quarter_%s.listens is %L', rollup,
      'element n: listens from the first day of the quarter up to its n-th day; from the first day with a listen to the last');
    execute format(
      'comment on column batch.quarter_%s.load_run_id is %L', rollup,
      'the load that wrote the row last (warehouse.load_run)');

    for build in
      select substring(inhrelid::regclass::text from '_b([0-9]+)$')
      from pg_inherits
      where inhparent = format('builds.day_%s', rollup)::regclass
    loop
      execute format(
        'create table parts.quarter_%1$s_b%2$s (
           like builds.quarter_%1$s, constraint build_%2$s check (build = %2$s)
         )', rollup, build);
      execute format(
        'alter table parts.quarter_%1$s_b%2$s
           alter column build set default %2$s,
           alter column load_run_id set default 0', rollup, build);
      execute format(
        'insert into parts.quarter_%1$s_b%2$s (quarter, %1$s_key, label, build, load_run_id, listens)
         select quarter, %1$s_key, layers.label(%3$s), %2$s, s.load_run_id, s.listens
         from (
           select
             layers.quarter_of(day) as quarter, %1$s_key, max(load_run_id) as load_run_id,
             layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens)) as listens
           from parts.day_%1$s_b%2$s
           where listens > 0
           group by 1, 2
         ) as s
         left join warehouse.dim_%1$s using (%1$s_key)
         order by quarter, %1$s_key', rollup, build, label);
      execute format(
        'alter table parts.quarter_%1$s_b%2$s add primary key (quarter, %1$s_key)', rollup, build);
      execute format(
        'alter table builds.quarter_%1$s attach partition parts.quarter_%1$s_b%2$s for values in (%2$s)',
        rollup, build);
    end loop;
  end loop;
end
$$;
