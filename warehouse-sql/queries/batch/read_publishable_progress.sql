select loaded_epoch from batch.published for update
