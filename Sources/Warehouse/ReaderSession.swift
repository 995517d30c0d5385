extension Connection {
  /// Makes this session read only, as far as a session can be: its transactions are read-only, and it takes
  /// the role `analyst`, which cannot run programs or change data, where the user may take that role.
  ///
  /// This protects against mistakes, not against a statement that is written to get around it, because a
  /// session can go back to the rights of the user that logged in. Only those rights protect for certain: the
  /// reader of a `PrivateCluster` has none to write, a superuser of somebody's own server has them all.
  /// - Throws: what the server had against it; `.connection` where the connection is lost.
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
