-- severity: error
-- Days and running totals of artists are the sums of those of their songs; a song that events name by its track id alone has its
-- own.
-- on: check
with days as (
  select
    case when track_alone then song_key else layers.label(artist) end as label, day, listens, listened_ms, completed,
    skipped, partial, thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts, listeners
  from batch.day_song
  left join layers.dim_song using (song_key)
  where day >= layers.quarter_of(layers.day_of($1::timestamptz))
    and day < layers.quarter_of(layers.day_of($2::timestamptz)) + interval '3 months'
),
songs as (
  select
    day, label, sum(listens) as listens, sum(listened_ms) as listened_ms,
    concat_ws(' ',
      sum(completed), sum(skipped), sum(partial), sum(thumbs_up), sum(thumbs_down), sum(playlist_adds), sum(shares),
      sum(friends_added), sum(adverts)) as others,
    hll_union_agg(listeners) as listeners
  from days
  group by day, label
),
artists as (
  select
    day, label, listens, listened_ms,
    concat_ws(' ',
      completed, skipped, partial, thumbs_up, thumbs_down, playlist_adds, shares, friends_added, adverts) as others,
    listeners
  from batch.day_artist
  where day >= layers.quarter_of(layers.day_of($1::timestamptz))
    and day < layers.quarter_of(layers.day_of($2::timestamptz)) + interval '3 months'
),
quarters as (
  select
    layers.quarter_of(day) as quarter, label,
    layers.running(array_agg(day - layers.quarter_of(day) + 1), array_agg(listens::integer)) as listens
  from songs
  where listens > 0
  group by 1, 2
)
select
  'day' as rung, day, label, artists.listens::text as artists_say, songs.listens::text as songs_say
from artists
full join songs using (day, label)
where artists.listens is distinct from songs.listens
  or artists.listened_ms is distinct from songs.listened_ms
  or artists.others is distinct from songs.others
  or artists.listeners is distinct from songs.listeners
union all
select 'quarter', quarter, label, found.listens::text, quarters.listens::text
from (
  select quarter, label, listens
  from batch.quarter_artist
  where quarter >= layers.quarter_of(layers.day_of($1::timestamptz))
    and quarter <= layers.quarter_of(layers.day_of($2::timestamptz))
) as found
full join quarters using (quarter, label)
where found.listens is distinct from quarters.listens
