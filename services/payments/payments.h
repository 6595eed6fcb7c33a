/* The payments service: what its files share. */
#ifndef PAYMENTS_PAYMENTS_H
#define PAYMENTS_PAYMENTS_H

#include "payments/v1/rpc.h"
#include "runtime/service/service.h"
#include "sql/payments.h"

#include <jansson.h>

#define PACKAGES_MAX 32
#define WEBHOOK_SECRETS_MAX 8

struct payments_conf {
	struct service_conf service; /* first */
	const char *packages_file;   /* catalogue of what is for sale */
	const char *public_url;      /* where the page is, without a slash at its end */
	const char *secret_key;      /* of Stripe's API; "": nothing can be bought */
	const char *webhook_secrets; /* separated by commas */
	const char *api_url;
	const char *api_version;
	int64_t api_timeout_ms;
	int64_t api_calls_max; /* of handlers at once: the other workers stay free */
	int64_t webhook_tolerance_ms;
	int64_t event_keep_ms;
	int64_t checkout_lifetime_ms;
	int64_t reconcile_interval_ms;
	int64_t reconcile_window_ms;
	int64_t invoice_interval_ms;
	int64_t invoice_due_ms;
	const char *invoice_currency;
	int64_t invoice_price;   /* minor units for 1,000 credits */
	int64_t invoice_minimum; /* minor units; less waits for the next month */
};

/* Set by payments_configure, before the first handler runs. */
extern const struct payments_conf *payments_conf;
extern const struct conf_key payments_keys[];
extern const size_t payments_keys_n;

/* Takes the configuration over and checks what one key says about another. Main thread.
 * errors: INVALID_ARGUMENT config_invalid. */
_must_check_ enum status payments_configure(const struct payments_conf *conf, struct arena *arena,
					    struct error *reterr);
/* Is there a key of Stripe's API? */
bool payments_enabled(void);
/* The mode of that key: what belongs to the other mode is never touched. */
bool payments_live(void);
const char *payments_live_param(void);
/* Signing secrets of webhooks, NULL-terminated. */
const char *const *payments_webhook_secrets(void);

/* What is for sale, in the catalogue's order. Never changed once it is published. */
struct packages {
	size_t n;
	Payments__V1__Package *all[PACKAGES_MAX];
};

/* Reads and checks a catalogue; all of it lives in the arena. Errors: INVALID_ARGUMENT naming file,
 * line and key. */
_must_check_ enum status packages_read(const char *path, struct arena *arena,
				       const struct packages **ret, struct error *reterr);

/* The catalogue in force; set before the first handler runs and again by SIGHUP. Any thread. */
const struct packages *packages_current(void);
void packages_publish(const struct packages *packages);

/* Stripe's customer of a user in our mode, made when there is none. Calls Stripe. */
_must_check_ enum status customer_of(struct db *db, const char *user_id, struct arena *arena,
				     const char **ret, struct error *reterr);

/* Takes over what one of Stripe's objects says (checkout session, payment intent, charge, refund,
 * dispute, invoice), in any order and any number of times, and leaves in the outbox what credits
 * must book. An object that is not about a payment of ours has no effect. Inside db_tx. */
_must_check_ enum status learn_object(struct db *db, const json_t *object, bool live,
				      struct error *reterr);
/* As learn_object, in a transaction of its own. */
_must_check_ enum status learn_alone(struct db *db, const json_t *object, struct error *reterr);

/* After a commit that may have left calls in the outbox. */
void payments_wake(void);

/* Periodic work (runtime/jobs). */
_must_check_ enum status payments_reconcile(struct db *db, void *ctx, struct error *reterr);
_must_check_ enum status payments_invoice(struct db *db, void *credits_channel,
					  struct error *reterr);
_must_check_ enum status payments_purge(struct db *db, void *ctx, struct error *reterr);

#endif
