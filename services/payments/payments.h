/* The payments service: what its files share. */
#ifndef PAYMENTS_PAYMENTS_H
#define PAYMENTS_PAYMENTS_H

#include "payments/stripe.h"
#include "payments/v1/rpc.h"
#include "runtime/outbox/outbox.h"
#include "runtime/service/service.h"
#include "sql/payments.h"

#include <jansson.h>
#include <stdatomic.h>

#define PACKAGES_MAX 32
#define WEBHOOK_SECRETS_MAX 8

struct payments_conf {
	struct service_conf service; /* first */
	const char *packages_file;   /* catalogue of packages */
	const char *plans_file;      /* catalogue of plans; "": none */
	int64_t plan_grace_ms;
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

extern const struct conf_key payments_keys[];
extern const size_t payments_keys_n;

/* All that the process has; made by main.c. */
struct payments {
	const struct payments_conf *conf;
	const char *webhook_secrets[WEBHOOK_SECRETS_MAX + 1]; /* NULL-terminated */
	_Atomic(const struct packages *) packages;            /* in force; SIGHUP brings new ones */
	_Atomic(const struct plans *) plans;                  /* the same */
	struct stripe stripe;
	atomic_int stripe_calls; /* of handlers, under way */
	struct rpc_channel *credits, *chat;
	struct db_pool *pool;
	struct outbox *outbox;
	struct jobs *jobs;
};

static inline struct payments *payments_of(const struct rpc_call *call)
{
	return call->state;
}

/* Takes the configuration over and checks its keys against each other. Main thread. Errors:
 * INVALID_ARGUMENT config_invalid. */
_must_check_ enum status payments_configure(struct payments *payments,
					    const struct payments_conf *conf, struct arena *arena,
					    struct error *reterr);
/* Is there a key of Stripe's API? */
bool payments_enabled(const struct payments *payments);
/* The mode of that key. Objects of the other mode are never touched. */
bool payments_live(const struct payments *payments);
const char *payments_live_param(const struct payments *payments);

/* The packages for sale, in the catalogue's order. Never changed once in force. */
struct packages {
	size_t n;
	Payments__V1__Package *all[PACKAGES_MAX];
};

/* Reads and checks a catalogue; all of it lives in the arena. Errors: INVALID_ARGUMENT naming file,
 * line and key. */
_must_check_ enum status packages_read(const char *path, struct arena *arena,
				       const struct packages **ret, struct error *reterr);

/* Stripe's customer of a user in our mode, made when there is none. Calls Stripe. */
_must_check_ enum status customer_of(const struct payments *payments, struct db *db,
				     const char *user_id, struct arena *arena, const char **ret,
				     struct error *reterr);

/* How an object of Stripe's is taken. */
struct learning {
	bool live;
	int64_t at;       /* second when Stripe said so; 0: now */
	int64_t grace_ms; /* of a plan after the end of what was paid */
};

/* Learns from one of Stripe's objects: checkout session, payment intent, charge, refund, dispute,
 * invoice or subscription. They may come in any order and any number of times. What follows for credits and chat goes
 * to the outbox. An object about no payment of ours has no effect. Inside db_tx. */
_must_check_ enum status learn_object(struct db *db, const json_t *object,
				      const struct learning *how, struct error *reterr);
/* As learn_object, in a transaction of its own. */
_must_check_ enum status learn_alone(struct payments *payments, struct db *db, const json_t *object,
				     struct error *reterr);

/* After a commit that may have left calls in the outbox. Tests have none. */
static inline void payments_wake(struct payments *payments)
{
	if (payments->outbox)
		outbox_wake(payments->outbox);
}

/* Jobs (runtime/jobs). ctx: struct payments. */
_must_check_ enum status payments_reconcile(struct db *db, void *ctx, struct error *reterr);
_must_check_ enum status payments_invoice(struct db *db, void *ctx, struct error *reterr);
_must_check_ enum status payments_purge(struct db *db, void *ctx, struct error *reterr);

#endif
