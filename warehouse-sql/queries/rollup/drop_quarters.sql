delete from {target}
where quarter >= layers.quarter_of($1::date) and quarter <= layers.quarter_of($2::date)
