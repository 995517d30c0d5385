-- Which song of the catalogue a recording is, as a function that statements take in: the one before was a function within a function,
-- which the server planned anew for each song (1.2 ms each, 24 s for 20,000 songs on a busy machine; 0.05 ms each so).

drop function warehouse.track_of(text, text, text, double precision);
drop function warehouse.track_of(text, text, double precision);

create function warehouse.track_of(event_track_id text, artist text, title text, duration double precision)
returns table (track_id text)
language sql stable parallel safe
as $$
  select coalesce(
    (select c.track_id from warehouse.catalogue_song as c where c.track_id = $1),
    case when $3 is not null then (
      select case when count(*) = 1 or min(apart) <= 1 then (array_agg(track_id order by apart, track_id))[1] end
      from (
        select c.track_id, abs(c.duration - $4) as apart
        from warehouse.catalogue_song as c
        where layers.label(c.title) = layers.label($3)
          and c.title = $3
          and $2 in (c.artists[1], array_to_string(c.artists, ';'), array_to_string(c.artists, ', '))
      ) as candidate) end)
$$;
comment on function warehouse.track_of(text, text, text, double precision) is 'One row: the track id of the song in the catalogue that a recording is, the one that events name, where the catalogue has it; else that of this title and artist; where several are, the nearest in length, if it is within a second of it.';
