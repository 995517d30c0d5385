select published_at from batch.published
