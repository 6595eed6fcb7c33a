/* Stripe gives up on a webhook after some days. So its own lists are read each hour, and their
 * objects are learnt like those of webhooks. */
#include "payments/payments.h"
#include "payments/stripe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct reconcile_args {
	struct payments *payments;
	struct db *db;
};

static enum status learn_each(const json_t *object, void *ctx, struct error *reterr)
{
	const struct reconcile_args *args = ctx;

	return learn_alone(args->payments, args->db, object, reterr);
}

static enum status learn_list(struct payments *payments, struct db *db, const char *path,
			      const char *expand, int64_t since, struct error *reterr)
{
	_cleanup_(stripe_form_done) struct stripe_form form;
	struct reconcile_args args = {payments, db};

	stripe_form_init(&form);
	stripe_form_addf(&form, "created[gte]", "%" PRId64, since);
	if (expand)
		stripe_form_add(&form, "expand[]", expand);
	return stripe_list(&payments->stripe, path, &form, learn_each, &args, reterr);
}

/* An object that Stripe does not have any more says nothing. */
static enum status learn_one(struct payments *payments, struct db *db, const char *path,
			     const char *id, struct error *reterr)
{
	_cleanup_(json_decrefp) json_t *object = NULL;
	char url[300];
	enum status s;

	snprintf(url, sizeof url, "%s/%s", path, id);
	s = stripe_get(&payments->stripe, url, NULL, &object, reterr);
	if (s == FAILED_PRECONDITION)
		return OK;
	return s == OK ? learn_alone(payments, db, object, reterr) : s;
}

/* Disputes last for months, longer than the lists go back. */
static enum status learn_old_clawbacks(struct payments *payments, struct db *db,
				       struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	const char *window = db_param_i64(arena, payments->conf->reconcile_window_ms);
	char after[256] = "";
	int n;

	do {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		enum status s =
			db_query(db, &sql_payments_clawbacks_under_way,
				 (const char *[]){payments_live_param(payments), window, after},
				 &rows, reterr);

		n = s == OK ? PQntuples(rows) : 0;
		for (int i = 0; s == OK && i < n; i++) {
			bool refund = *db_peek(rows, i, "kind") == 'r';

			snprintf(after, sizeof after, "%s", db_peek(rows, i, "id"));
			s = learn_one(payments, db, refund ? "/v1/refunds" : "/v1/disputes", after,
				      reterr);
		}
		if (s != OK)
			return s;
	} while (n > 0);
	return OK;
}

static enum status learn_open_invoices(struct payments *payments, struct db *db,
				       struct error *reterr)
{
	char after[UUID_SIZE] = "00000000-0000-0000-0000-000000000000";
	int n;

	do {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		enum status s = db_query(db, &sql_payments_invoices_open,
					 (const char *[]){payments_live_param(payments), after},
					 &rows, reterr);

		n = s == OK ? PQntuples(rows) : 0;
		for (int i = 0; s == OK && i < n; i++) {
			snprintf(after, sizeof after, "%s", db_peek(rows, i, "id"));
			s = learn_one(payments, db, "/v1/invoices", db_peek(rows, i, "stripe_id"),
				      reterr);
		}
		if (s != OK)
			return s;
	} while (n > 0);
	return OK;
}

/* What webhooks said may have come in a wrong order, or not at all. */
static enum status learn_subscriptions(struct payments *payments, struct db *db,
				       struct error *reterr)
{
	char after[STRIPE_ID_MAX + 1] = "";
	int n;

	do {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		enum status s = db_query(db, &sql_payments_subscriptions_open,
					 (const char *[]){payments_live_param(payments), after},
					 &rows, reterr);

		n = s == OK ? PQntuples(rows) : 0;
		for (int i = 0; s == OK && i < n; i++) {
			snprintf(after, sizeof after, "%s", db_peek(rows, i, "id"));
			s = learn_one(payments, db, "/v1/subscriptions", after, reterr);
		}
		if (s != OK)
			return s;
	} while (n > 0);
	return OK;
}

enum status payments_reconcile(struct db *db, void *ctx, struct error *reterr)
{
	struct payments *payments = ctx;
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *window = db_param_i64(arena, payments->conf->reconcile_window_ms);
	int64_t since;
	enum status s;

	if (!payments_enabled(payments))
		return OK;
	s = db_query_one(db, &sql_payments_since, (const char *[]){window}, &rows, reterr);
	if (s != OK)
		return s;
	since = db_i64(rows, 0, "since");
	s = learn_list(payments, db, "/v1/payment_intents", "data.latest_charge", since, reterr);
	if (s == OK)
		s = learn_list(payments, db, "/v1/refunds", NULL, since, reterr);
	if (s == OK)
		s = learn_list(payments, db, "/v1/disputes", NULL, since, reterr);
	if (s == OK)
		s = learn_old_clawbacks(payments, db, reterr);
	if (s == OK)
		s = learn_open_invoices(payments, db, reterr);
	if (s == OK)
		s = learn_list(payments, db, "/v1/invoices", NULL, since, reterr);
	return s == OK ? learn_subscriptions(payments, db, reterr) : s;
}

enum status payments_purge(struct db *db, void *ctx, struct error *reterr)
{
	const struct payments *payments = ctx;
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);

	return db_exec(db, &sql_payments_events_purge,
		       (const char *[]){db_param_i64(arena, payments->conf->event_keep_ms)}, NULL,
		       reterr);
}
