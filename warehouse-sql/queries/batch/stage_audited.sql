create temporary table audited_{table} (like parts.{table}) on commit drop
