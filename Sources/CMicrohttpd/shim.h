#pragma once
#include <microhttpd.h>

// MHD_start_daemon is variadic, which Swift cannot call; the options come as an array instead, ended
// by MHD_OPTION_END. All callbacks get the same context.
static inline struct MHD_Daemon *polyrhythm_mhd_start(unsigned int flags,
                                                      MHD_AccessHandlerCallback handler,
                                                      MHD_RequestCompletedCallback completed,
                                                      MHD_NotifyConnectionCallback connected,
                                                      void *context,
                                                      struct MHD_OptionItem *options) {
  return MHD_start_daemon(flags, 0, NULL, NULL, handler, context,
                          MHD_OPTION_NOTIFY_COMPLETED, completed, context,
                          MHD_OPTION_NOTIFY_CONNECTION, connected, context,
                          MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

// The descriptor of a connection's socket; -1 where there is none.
static inline int polyrhythm_mhd_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? (int)info->connect_fd : -1;
}

// What the callback for new connections has stored for a connection.
static inline void *polyrhythm_mhd_connection_state(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}
