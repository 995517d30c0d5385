-- severity: error
-- A play's outcome fits the time listened: none while open, 0 to the song's length, skipped below 30 s, completed from 90 %.
-- Where the length is not known a play is never completed, and partial with 0 ms if nothing followed.
select ts, session_id, item_in_session, duration_ms, listened_ms, outcome
from warehouse.fact_listen
where ts >= $1::timestamptz and ts < $2::timestamptz
  and not coalesce(
    case outcome
      when 'completed' then
        listened_ms between 0 and duration_ms
        and listened_ms::bigint * 10 >= duration_ms::bigint * 9
      when 'skipped' then
        listened_ms between 0 and 29999
        and (duration_ms is null or listened_ms::bigint * 10 < duration_ms::bigint * 9)
      when 'partial' then
        case
          when duration_ms is null then listened_ms = 0 or listened_ms between 30000 and 3599999
          else listened_ms >= 30000 and listened_ms::bigint * 10 < duration_ms::bigint * 9
        end
      else outcome is null and listened_ms is null
    end,
    false)
