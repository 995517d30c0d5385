-- severity: error
-- Running totals of a quarter are the sums of its days.
-- on: check
with days as (
  select
    rollup, layers.quarter_of(day) as quarter, key,
    layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens)) as listens
  from (
    select 'song' as rollup, day, song_key as key, listens from batch.day_song
    union all
    select 'user', day, user_key, listens from batch.day_user
  ) as both_rollups
  where listens > 0
    and day >= layers.quarter_of(layers.day_of($1::timestamptz))
    and day < layers.quarter_of(layers.day_of($2::timestamptz)) + interval '3 months'
  group by 1, 2, 3
),
quarters as (
  select *
  from (
    select 'song' as rollup, quarter, song_key as key, listens from batch.quarter_song
    union all
    select 'user', quarter, user_key, listens from batch.quarter_user
  ) as both_rollups
  where quarter >= layers.quarter_of(layers.day_of($1::timestamptz))
    and quarter <= layers.quarter_of(layers.day_of($2::timestamptz))
)
select
  rollup, quarter, key, quarters.listens as quarter_says, days.listens as days_say
from quarters
full join days using (rollup, quarter, key)
where quarters.listens is distinct from days.listens
