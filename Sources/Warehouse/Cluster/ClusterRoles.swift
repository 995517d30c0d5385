/// What the roles of a private cluster that only read may do. Sessions of theirs are their own from the start: there is no other
/// role that they could go back to.
struct ClusterRoles {
  /// A session of the owner, in the cluster's database.
  let database: Connection

  /// Sessions of `analyst` at a time, which leaves most of the server's hundred to loads, workers and the API.
  private static let analystSessions = 20
  /// What a session of `analyst` may put into files of its own, to sort or join more than memory holds.
  private static let analystFiles = "10GB"

  /// Makes the reader, and gives both roles their rights, where they do not have them. Clusters of earlier versions gave them
  /// `pg_read_all_data`, which reads the hashes of passwords, too.
  func ensure() throws(WarehouseError) {
    let reader = PrivateCluster.reader
    let isThere =
      try database.run("select from pg_roles where rolname = $1", [.text(reader)]).count > 0
    if isThere {
      let hasRights = try database.run(
        """
        select pg_has_role($1::name, 'analyst', 'member')
          and not has_function_privilege('analyst', 'pg_advisory_lock(bigint)', 'execute')
          and exists (
            select from pg_roles where rolname = 'analyst' and array_to_string(rolconfig, ' ') like '%temp_file_limit=%')
        """, [.text(reader)]
      ).bool(0, 0)
      if hasRights { return }
    }
    try database.script(
      """
      begin;
      \(isThere ? "" : "create role \(reader) login;")
      alter role \(reader) set default_transaction_read_only = on;
      revoke pg_read_all_data from analyst, \(reader);
      grant analyst to \(reader);
      revoke temporary on database \(Identifier.quoted(PrivateCluster.database)) from public;
      -- Large objects are the one thing that every role may make.
      revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea)
        from public;
      -- Whoever holds an advisory lock of loads keeps them from running.
      do $$
      declare
        name regprocedure;
      begin
        for name in select oid from pg_proc where proname ~ '^pg_(try_)?advisory_(xact_)?lock' and pronamespace = 'pg_catalog'::regnamespace
        loop
          execute format('revoke execute on function %s from public', name);
        end loop;
      end $$;
      alter role analyst connection limit \(Self.analystSessions);
      alter role analyst set statement_timeout = '10min';
      alter role analyst set idle_in_transaction_session_timeout = '5min';
      alter role analyst set idle_session_timeout = '1h';
      -- A sort of everything with everything would fill the disk that loads need. The one limit here that no session lifts.
      alter role analyst set temp_file_limit = '\(Self.analystFiles)';
      alter default privileges grant usage on schemas to analyst;
      alter default privileges grant select on tables to analyst;
      do $$
      declare
        name text;
      begin
        for name in
          select nspname from pg_namespace where nspname <> 'information_schema' and nspname not like 'pg\\_%'
        loop
          execute format('grant usage on schema %I to analyst', name);
          execute format('grant select on all tables in schema %I to analyst', name);
        end loop;
      end $$;
      commit
      """)
  }
}
