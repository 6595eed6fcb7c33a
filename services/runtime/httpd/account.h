/* Shares of a server's common things, one for each client: an address, or a user that the owner of
 * the server names. Guarded by httpd->mutex. */
#ifndef RUNTIME_HTTPD_ACCOUNT_H
#define RUNTIME_HTTPD_ACCOUNT_H

#include "runtime/httpd/conn.h"

#define ACCOUNT_BUCKETS 1024

struct account {
	struct account *next;
	int32_t refs; /* connections and bodies that count on it */
	int32_t connections;
	size_t body_bytes;
	char key[NET_ADDRESS_SIZE];
};

/* Bytes that a body needs now. False with *reterr: the server, or who sends it, holds too many. */
bool account_charge(struct exchange *exchange, size_t bytes, struct refusal *reterr);
/* Gives back what was charged for bytes that have not come. */
void account_release(struct exchange *exchange);
/* Whether as many would be taken; none are. */
bool account_fits(const struct exchange *exchange, size_t bytes, struct refusal *reterr);
/* A body begins: text is who sends it. */
void account_begin_body(struct exchange *exchange, const char *text);
/* The body's memory is given back. */
void account_end_body(struct httpd *httpd, struct exchange *exchange);

/* The account of this text, with a reference. The mutex is held. */
struct account *account_take(struct httpd *httpd, const char *text);
void account_drop(struct httpd *httpd, struct account *account);

#endif
