-- Where a range begins whose last bucket is the one that ends at $2, or that $2 is in, and which has more buckets
-- before it: $1 is the bucket's name, $3 the interval that they take. In epoch milliseconds.
select (
  extract(epoch from date_trunc($1, $2::timestamptz - interval '1 millisecond') - $3::interval) * 1000
)::bigint;
