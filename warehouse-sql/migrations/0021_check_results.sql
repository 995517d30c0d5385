-- What the checks of a load found, whether or not it was published for it.

create table warehouse.check_result (
  load_run_id bigint  not null references warehouse.load_run on delete cascade,
  check_name  text    not null,
  is_error    boolean not null,
  rule        text    not null,
  broken_rows integer not null,
  examples    text[]  not null,
  primary key (load_run_id, check_name)
);
comment on table warehouse.check_result is 'One row for each rule that a load found broken. A check that found nothing has none.';
comment on column warehouse.check_result.check_name is 'the file in warehouse-sql/checks';
comment on column warehouse.check_result.is_error is 'an error keeps a load from being published, a warning does not';
comment on column warehouse.check_result.broken_rows is 'rows that break the rule, counted up to 1000 for each query';
comment on column warehouse.check_result.examples is 'the first of these rows, column=value';
