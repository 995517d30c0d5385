#pragma once
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

// MHD_start_daemon is variadic, which Swift cannot call; the options come as an array instead, ended
// by MHD_OPTION_END. All callbacks get the same context.
static inline struct MHD_Daemon *polyrhythm_mhd_start(unsigned int flags,
                                                      MHD_AccessHandlerCallback handler,
                                                      MHD_RequestCompletedCallback completed,
                                                      MHD_NotifyConnectionCallback connected,
                                                      void *(*address)(void *, const char *,
                                                                       struct MHD_Connection *),
                                                      void *context,
                                                      struct MHD_OptionItem *options) {
  return MHD_start_daemon(flags, 0, NULL, NULL, handler, context,
                          MHD_OPTION_NOTIFY_COMPLETED, completed, context,
                          MHD_OPTION_NOTIFY_CONNECTION, connected, context,
                          MHD_OPTION_URI_LOG_CALLBACK, address, context,
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

// Writes the client's address as text; leaves the buffer alone where it has none.
static inline void polyrhythm_mhd_address(struct MHD_Connection *connection, char *text,
                                          socklen_t size) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *address = info ? info->client_addr : NULL;
  if (!address) return;
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, size);
  if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text, size);
}
