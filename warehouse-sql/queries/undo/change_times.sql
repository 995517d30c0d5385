-- From when to when the plays and page views are whose outcome or credit goes back.
select min(ts)::text, max(ts)::text from undo.{table}
