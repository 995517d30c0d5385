delete from {target}
where quarter >= layers.quarter_of($1::text::date) and quarter <= layers.quarter_of($2::text::date)
