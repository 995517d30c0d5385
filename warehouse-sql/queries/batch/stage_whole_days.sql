-- Days that are audited as a whole, and not by what the load changes of them.
create temporary table audited_whole_day (day date primary key) on commit drop
