-- Events of loaded epochs need not be remembered here: they are facts.
delete from speed.late_event where epoch <= (select loaded_epoch from builds.needed)
