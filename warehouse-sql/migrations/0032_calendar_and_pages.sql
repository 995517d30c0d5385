-- More of the calendar in dim_date, members for what is unknown, and the pages of the site as a dimension.

create function layers.is_holiday(day date) returns boolean
language sql immutable parallel safe
return case extract(month from day)::integer
  when 1 then extract(day from day) = 1 or (extract(isodow from day) = 1 and extract(day from day) between 15 and 21)
  when 2 then extract(isodow from day) = 1 and extract(day from day) between 15 and 21
  when 5 then extract(isodow from day) = 1 and extract(day from day) >= 25
  when 6 then extract(day from day) = 19 and extract(year from day) >= 2021
  when 7 then extract(day from day) = 4
  when 9 then extract(isodow from day) = 1 and extract(day from day) <= 7
  when 10 then extract(isodow from day) = 1 and extract(day from day) between 8 and 14
  when 11 then extract(day from day) = 11 or (extract(isodow from day) = 4 and extract(day from day) between 22 and 28)
  when 12 then extract(day from day) = 25
  else false
end;
comment on function layers.is_holiday is 'Whether a day is a federal holiday of the United States (5 U.S.C. 6103), on its own date.';

alter table warehouse.dim_date
  add column iso_year smallint,
  add column week_label text,
  add column year_month text,
  add column day_of_year smallint,
  add column is_holiday boolean;
update warehouse.dim_date
set
  iso_year = extract(isoyear from date), week_label = to_char(date, 'IYYY-"W"IW'), year_month = to_char(date, 'YYYY-MM'),
  day_of_year = extract(doy from date), is_holiday = layers.is_holiday(date);
comment on column warehouse.dim_date.iso_year is 'ISO 8601: the year that the week belongs to';
comment on column warehouse.dim_date.week_label is 'ISO 8601, such as 2026-W41';
comment on column warehouse.dim_date.year_month is 'such as 2026-10';
comment on column warehouse.dim_date.day_of_year is '1 to 366';
comment on column warehouse.dim_date.is_holiday is 'a federal holiday of the United States, on its own date';
comment on column warehouse.dim_date.date is 'the day; null for the unknown member';
comment on column warehouse.dim_date.day is 'day of the month';
comment on column warehouse.dim_date.day_name is 'English, such as Monday';
comment on column warehouse.dim_date.month is '1 to 12';
comment on column warehouse.dim_date.month_name is 'English, such as October';
comment on column warehouse.dim_date.quarter is '1 to 4';
comment on column warehouse.dim_date.year is 'calendar year';
comment on column warehouse.dim_date.is_weekend is 'Saturday or Sunday';

-- For joins from tables of one's own; no fact is without its time.

alter table warehouse.dim_date
  alter column date drop not null, alter column day drop not null, alter column day_of_week drop not null,
  alter column week drop not null, alter column month drop not null, alter column quarter drop not null,
  alter column year drop not null, alter column is_weekend drop not null;
insert into warehouse.dim_date (date_key, day_name, month_name, week_label, year_month)
values (0, 'Unknown', 'Unknown', 'Unknown', 'Unknown');
comment on column warehouse.dim_date.date_key is 'yyyymmdd; 0 for unknown';

alter table warehouse.dim_time
  alter column hour drop not null, alter column minute drop not null, alter column second drop not null,
  alter column minute_of_day drop not null;
insert into warehouse.dim_time (time_key, part_of_day) values (-1, 'Unknown');
comment on column warehouse.dim_time.time_key is 'second of the day, 0 to 86399; -1 for unknown';
comment on column warehouse.dim_time.hour is '0 to 23';
comment on column warehouse.dim_time.minute is '0 to 59';
comment on column warehouse.dim_time.second is '0 to 59';
comment on column warehouse.dim_time.minute_of_day is '0 to 1439';

-- What nobody is, is not current.

update warehouse.dim_user set is_current = false where user_key = 0;

create view warehouse.dim_page as
select
  case when page = '' and method = '' and status = 0 then 0 else layers.label(page, method || ' ' || status) end as page_key,
  coalesce(nullif(page, ''), 'Unknown') as page, coalesce(nullif(method, ''), 'Unknown') as method,
  nullif(status, 0) as status, status >= 400 as is_error
from (
  select page, method, status from layers.day_page
  union
  select '', '', 0
) as seen;
comment on view warehouse.dim_page is 'Each page that was requested, with method and status; both layers. Facts have these three columns themselves.';
comment on column warehouse.dim_page.page_key is 'hash of page, method and status; 0 for unknown';
comment on column warehouse.dim_page.page is 'what was requested';
comment on column warehouse.dim_page.method is 'HTTP method';
comment on column warehouse.dim_page.status is 'HTTP status';
comment on column warehouse.dim_page.is_error is 'whether the status is 400 or more';
