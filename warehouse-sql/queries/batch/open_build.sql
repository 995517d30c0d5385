-- The place for the state of a build that is not published yet: it is there before the pointer can name it.
create table parts.published_b{build} (
  like builds.published, constraint build_{build} check (build = {build})
);
alter table builds.published attach partition parts.published_b{build} for values in ({build})
