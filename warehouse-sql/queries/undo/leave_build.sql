-- The build before it has the greatest turn again.
delete from builds.published where build = $1
