/* Sessions that ended before their access tokens did. Any thread. */
#ifndef GATEWAY_REVOKED_H
#define GATEWAY_REVOKED_H

#include <stdbool.h>
#include <stdint.h>

struct revoked;
struct revoked *revoked_new(void);
void revoked_free(struct revoked *revoked);

/* forget_seconds: since 1970; no token of the session is valid after it, and the entry goes. An id
 * that is no UUID is ignored. */
void revoked_add(struct revoked *revoked, const char *session_id, int64_t forget_seconds);
bool revoked_has(struct revoked *revoked, const char *session_id);

#endif
