/* The names by which requests may address this server. A page of somebody else can make a browser
 * believe that its name is our address (DNS rebinding); Host shows it. */
#ifndef GATEWAY_HOST_H
#define GATEWAY_HOST_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include "runtime/httpd/httpd.h"

struct hosts;

/* public_origin: "https://chat.example". A loopback one also stands for localhost, 127.0.0.1 and
 * [::1]. others: "name" with any port, or "name:port". In arena; the texts outlive it. */
struct hosts *hosts_new(struct arena *arena, const char *public_origin, const char *const *others);

/* Refuses unknown names. Addresses are allowed, for nobody can point them here, and so is HTTP/1.0
 * without Host, which no browser sends. errors: INVALID_ARGUMENT host_unknown. */
_must_check_ enum status hosts_check(const struct hosts *hosts, const struct httpd_request *req,
				     struct error *reterr);

#endif
