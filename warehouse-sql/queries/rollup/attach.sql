alter table stage.{table} set schema parts;
alter table parts.{table} rename to {rollup}_b{build};
alter table builds.{rollup} attach partition parts.{rollup}_b{build} for values in ({build})
