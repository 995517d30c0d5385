-- Nothing can be taken back from here on, until the load that is being published has noted what it changes.
truncate
  undo.load, undo.published, undo.progress, undo.counted_ahead, undo.replay_point, undo.speed_progress,
  undo.dim_user, undo.user_level_history, undo.listen_change, undo.credit_change, undo.span,
  undo.fact_listen, undo.fact_auth, undo.fact_page_view,
  {rollups: undo.*}
