/* Stripe's API over HTTP (docs.stripe.com/api): forms in, JSON out. */
#ifndef PAYMENTS_STRIPE_H
#define PAYMENTS_STRIPE_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/status.h"

#include <jansson.h>

#define STRIPE_ID_MAX 200           /* bytes of an id */
#define STRIPE_FORM_MAX (16 * 1024) /* bytes of a request */

struct stripe {
	const char *api_url, *api_version, *secret_key; /* of the configuration */
	int32_t timeout_ms;                             /* of one call */
	struct http_client *client;                     /* NULL: not started */
};

/* Starts and stops the HTTP client. Main thread. */
void stripe_start(struct stripe *stripe);
void stripe_stop(struct stripe *stripe);

/* A request's fields, percent-encoded. */
struct stripe_form {
	struct buf text;
};
void stripe_form_init(struct stripe_form *form);
void stripe_form_done(struct stripe_form *form);
void stripe_form_add(struct stripe_form *form, const char *name, const char *value);
_printf_(3, 4) void stripe_form_addf(struct stripe_form *form, const char *name, const char *format,
				     ...);

/* GET with the form as its query, or POST. idempotency_key: of a POST; a repeat with the same key
 * within a day has the answer of the first. *ret: freed by json_decref. Blocks; not inside db_tx.
 * errors: UNAVAILABLE stripe_unavailable (no answer, 409, 429, 5xx: repeat), FAILED_PRECONDITION
 * stripe_refused with Stripe's `param` as field (repeating does not help; the log says why). */
_must_check_ enum status stripe_get(const struct stripe *stripe, const char *path,
				    const struct stripe_form *form, json_t **ret,
				    struct error *reterr);
_must_check_ enum status stripe_post(const struct stripe *stripe, const char *path,
				     const struct stripe_form *form, const char *idempotency_key,
				     json_t **ret, struct error *reterr);

/* Calls each for every object of a list, page by page, newest first. */
typedef enum status stripe_each_fn(const json_t *object, void *ctx, struct error *reterr);
_must_check_ enum status stripe_list(const struct stripe *stripe, const char *path,
				     const struct stripe_form *form, stripe_each_fn *each,
				     void *ctx, struct error *reterr);

/* Stripe's JSON, read as leniently as can be: a member that nobody reads cannot be wrong. Numbers
 * that fit no type are null. U+FFFD stands for bytes that are no text. NULL: not an object. Freed
 * by json_decref. */
json_t *stripe_read(const void *text, size_t len);

/* The id, or NULL when it is empty or longer than STRIPE_ID_MAX. NULL gives NULL. */
const char *stripe_known_id(const char *id);

/* Members of an object; "" and 0 when absent or of another type. Borrowed. */
const char *stripe_text(const json_t *object, const char *name);
int64_t stripe_number(const json_t *object, const char *name);
/* Id of a member that may be expanded: text, or an object with an id; NULL: neither. */
const char *stripe_id(const json_t *object, const char *name);

#endif
