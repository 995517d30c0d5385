-- Events of loaded epochs are facts.
delete from speed.late_event where epoch <= (select loaded_epoch from batch.published)
