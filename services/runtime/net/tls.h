/* Inside of runtime/net only: nng's TLS. */
#ifndef RUNTIME_NET_TLS_H
#define RUNTIME_NET_TLS_H

#include "runtime/base/status.h"
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <stdbool.h>

/* A configuration of nng's TLS from PEM files. Server: certificate and key needed, with a ca every
 * client must have a certificate of it. Client: ca needed. errors: INVALID_ARGUMENT naming the
 * file. Freed by nng_tls_config_free. */
_must_check_ enum status net_tls_config(bool server, const char *certificate_file,
					const char *key_file, const char *ca_file,
					const char *server_name, nng_tls_config **ret,
					struct error *reterr);

#endif
