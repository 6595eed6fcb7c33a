/* Which addresses a user-given URL may lead to. */
#ifndef RUNTIME_HTTP_GUARD_H
#define RUNTIME_HTTP_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for global unicast addresses only: no loopback, private, link-local, shared, documentation,
 * multicast or reserved ones, and no IPv6 form that carries an IPv4 address. */
bool guard_allows(const struct sockaddr *address, socklen_t len);

#endif
