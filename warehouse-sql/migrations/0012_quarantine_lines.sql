-- The same undecodable line may come more than once, as when a file is imported again. Each record has
-- its row by topic, partition and offset, as the ledger counts it; what it says makes it one line.
alter table warehouse.quarantine
  add column content uuid not null generated always as (md5(raw)::uuid) stored;
comment on column warehouse.quarantine.content is 'a hash of raw: records of one topic with the same are the same line, come again';

create index quarantine_content on warehouse.quarantine (topic, content);

create view warehouse.quarantine_line as
select distinct on (topic, content)
  topic,
  content,
  count(*) over line as records,
  count(*) over line - 1 as repeats,
  partition as first_partition,
  record_offset as first_offset,
  reason,
  raw,
  min(found_at) over line as found_at
from warehouse.quarantine
window line as (partition by topic, content)
order by topic, content, partition, record_offset;
comment on view warehouse.quarantine_line is 'Undecodable lines, each once, with the number of records that said the same. records summed up is the number of rows of warehouse.quarantine.';
