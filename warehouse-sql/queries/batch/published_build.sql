select build from batch.published
