-- This is the handoff of a full load: from the commit on, readers take all rows of batch from its build.
update builds.published
set turn = (select max(turn) + 1 from builds.published), published_at = now()
where build = $1
