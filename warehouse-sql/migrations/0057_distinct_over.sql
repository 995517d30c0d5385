-- Distinct counts of several rows, as users of a week. What unites sketches is an operator and a function of the extension,
-- which tools' SQL parsers refuse and a search path without public does not find.

create aggregate serving.distinct_over(hll) (
  sfunc = hll_union,
  stype = hll,
  combinefunc = hll_union,
  finalfunc = layers.distinct_count,
  parallel = safe
);
comment on aggregate serving.distinct_over(hll) is 'How many distinct listeners, users, sessions or songs rows of serving have together: exact up to 320, estimated beyond. serving.distinct_over(listeners)';
