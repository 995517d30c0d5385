-- A union of sketches takes 9 kB while it is made. Sorted rows have one under way at a time; by hashing there is one for each key, which costs
-- three times as much for thousands of keys.
set enable_hashagg = off
