-- Hands a full load's facts over, all days at once. The table has a matching constraint, so nothing is read.
alter table stage.{table} set schema parts;
alter table builds.{fact} attach partition parts.{table} for values in ({build})
