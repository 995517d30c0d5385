delete from speed.late_event where epoch > $1
