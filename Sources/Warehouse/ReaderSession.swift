extension Connection {
  /// Makes this a session that only reads, as far as a session can be: transactions are read-only, and
  /// where the user may become `analyst`, who cannot run programs or change data, it does.
  ///
  /// This keeps mistakes out. What keeps a determined statement out are the rights of the user that
  /// logged in, because a session can go back to those: `PrivateCluster`'s reader has none to write,
  /// a superuser of somebody's own server has them all.
  public func becomeReader() throws(WarehouseError) {
    try script(
      """
      set default_transaction_read_only = on;
      do $$ begin
        perform set_config('role', 'analyst', false);
      exception when insufficient_privilege or invalid_parameter_value then null;
      end $$
      """)
  }
}
