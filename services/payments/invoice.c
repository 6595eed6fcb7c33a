/* Pay-as-you-go: a user's debt at the end of a month becomes an invoice of Stripe's. Each step is
 * stored before the next. So a crash repeats one step at most, and Stripe knows that step by its
 * key. */
#include "credits/v1/rpc.h"
#include "payments/payments.h"
#include "payments/stripe.h"
#include "runtime/outbox/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEBTS_OF_A_CALL 500
#define DAY_MS INT64_C(86400000)
#define FIRST_ID "00000000-0000-0000-0000-000000000000"

/* Namespace of the ids of invoices, "user:month": uuidv5(uuidv5(DNS, "limitless.chat"), "invoice"). It
 * never changes. */
static const struct uuid invoice_ids = {{0x58, 0x8b, 0x4c, 0x4e, 0xa0, 0x92, 0x5e, 0x33, 0x91, 0x62,
					 0xf3, 0xfd, 0x30, 0x03, 0xc9, 0xc8}};

/* ------------------------------------------------------------------ from debts to invoices */

static enum status store_debt(const struct payments *payments, struct db *db,
			      const Credits__V1__Debt *debt, const char *month, const char *asked,
			      struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	char id[UUID_SIZE];
	const char *name = arena_printf(arena, "%s:%s%s", debt->user_id, month,
					payments_live(payments) ? "" : ":test");

	uuid_v5(&invoice_ids, name, id);
	return db_exec(db, &sql_payments_invoice_insert,
		       (const char *[]){id, debt->user_id, month,
					db_param_i64(arena, debt->debt_microcredits),
					payments->conf->invoice_currency,
					db_param_i64(arena, payments->conf->invoice_price),
					payments_live_param(payments),
					db_param_i64(arena, payments->conf->invoice_minimum),
					asked},
		       NULL, reterr);
}

static enum status store_debts(const struct payments *payments, struct db *db, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *now = NULL;
	char after[UUID_SIZE] = "";
	enum status s;
	size_t n;

	do {
		_cleanup_(arena_freep) struct arena *arena = arena_new(16384, 4 << 20);
		Credits__V1__ListDebtsRequest req = CREDITS__V1__LIST_DEBTS_REQUEST__INIT;
		Credits__V1__ListDebtsResponse *debts;
		ProtobufCMessage *answer;

		PQclear(TAKE_PTR(now));
		s = db_query_one(db, &sql_payments_last_month, NULL, &now, reterr);
		if (s != OK)
			return s;
		req.month = (char *)db_peek(now, 0, "month");
		req.after_user_id = after;
		req.limit = DEBTS_OF_A_CALL;
		s = rpc_call_blocking(payments->credits, &credits_v1_list_debts_method,
				      &(struct rpc_call_options){0}, &req.base, arena, &answer,
				      reterr);
		if (s != OK)
			return s;
		debts = (Credits__V1__ListDebtsResponse *)answer;
		n = debts->n_debts;
		for (size_t i = 0; i < n; i++) {
			s = store_debt(payments, db, debts->debts[i], req.month,
				       db_peek(now, 0, "asked"), reterr);
			if (s != OK)
				return s;
			snprintf(after, sizeof after, "%s", debts->debts[i]->user_id);
		}
	} while (n == DEBTS_OF_A_CALL);
	return OK;
}

/* ------------------------------------------------------------------ from invoices to Stripe */

struct invoice {
	const char *id, *user_id, *month, *currency, *stripe_id;
	int64_t minor_units;
};

static enum status post(const struct payments *payments, const struct invoice *invoice,
			const char *step, const char *path, const struct stripe_form *form,
			struct arena *arena, json_t **ret, struct error *reterr)
{
	return stripe_post(&payments->stripe, path, form,
			   arena_printf(arena, "%s:%s", invoice->id, step), ret, reterr);
}

/* Stripe mails an invoice only to a customer with an address (the check-out asks for one). Other
 * users find it in the list of their payments. */
static enum status make(const struct payments *payments, struct db *db, struct invoice *invoice,
			const char *customer, struct arena *arena, struct error *reterr)
{
	_cleanup_(json_decrefp) json_t *found = NULL, *made = NULL;
	_cleanup_(stripe_form_done) struct stripe_form form;
	enum status s =
		stripe_get(&payments->stripe, arena_printf(arena, "/v1/customers/%s", customer),
			   NULL, &found, reterr);

	stripe_form_init(&form);
	if (s != OK)
		return s;
	stripe_form_add(&form, "customer", customer);
	stripe_form_add(&form, "auto_advance", "false");
	stripe_form_add(&form, "pending_invoice_items_behavior", "exclude");
	stripe_form_add(&form, "metadata[payment]", invoice->id);
	stripe_form_add(&form, "currency", invoice->currency);
	if (*stripe_text(found, "email")) {
		stripe_form_add(&form, "collection_method", "send_invoice");
		stripe_form_addf(&form, "days_until_due", "%" PRId64,
				 payments->conf->invoice_due_ms / DAY_MS);
	} else {
		stripe_form_add(&form, "collection_method", "charge_automatically");
	}
	s = post(payments, invoice, "invoice", "/v1/invoices", &form, arena, &made, reterr);
	if (s != OK)
		return s;
	invoice->stripe_id = arena_strdup(arena, stripe_text(made, "id"));
	return db_exec(db, &sql_payments_invoice_made,
		       (const char *[]){invoice->id, invoice->stripe_id}, NULL, reterr);
}

/* Adds the line, then finalizes. By their keys Stripe knows whether either was done before. */
static enum status issue(const struct payments *payments, struct db *db,
			 const struct invoice *invoice, const char *customer, struct arena *arena,
			 struct error *reterr)
{
	_cleanup_(stripe_form_done) struct stripe_form line, nothing;
	_cleanup_(json_decrefp) json_t *item = NULL, *final = NULL, *sent = NULL;
	const char *path = arena_printf(arena, "/v1/invoices/%s", invoice->stripe_id);
	enum status s;

	stripe_form_init(&line);
	stripe_form_init(&nothing);
	stripe_form_add(&line, "customer", customer);
	stripe_form_add(&line, "invoice", invoice->stripe_id);
	stripe_form_addf(&line, "amount", "%" PRId64, invoice->minor_units);
	stripe_form_add(&line, "currency", invoice->currency);
	stripe_form_addf(&line, "description", "Use until the end of %s", invoice->month);
	s = post(payments, invoice, "item", "/v1/invoiceitems", &line, arena, &item, reterr);
	if (s == OK)
		s = post(payments, invoice, "finalize", arena_printf(arena, "%s/finalize", path),
			 &nothing, arena, &final, reterr);
	if (s == OK && strcmp(stripe_text(final, "collection_method"), "send_invoice") == 0)
		s = post(payments, invoice, "send", arena_printf(arena, "%s/send", path), &nothing,
			 arena, &sent, reterr);
	if (s != OK)
		return s;
	return db_exec(db, &sql_payments_invoice_sent,
		       (const char *[]){invoice->id, stripe_text(final, "hosted_invoice_url"),
					db_param_i64(arena, payments->conf->invoice_due_ms)},
		       NULL, reterr);
}

static enum status send(const struct payments *payments, struct db *db, const PGresult *rows,
			int row, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct invoice invoice = {
		.id = db_peek(rows, row, "id"),
		.user_id = db_peek(rows, row, "user_id"),
		.month = db_peek(rows, row, "month"),
		.currency = db_text(arena, rows, row, "price_currency"),
		.stripe_id = db_text(arena, rows, row, "stripe_id"),
		.minor_units = db_i64(rows, row, "price_minor_units"),
	};
	const char *customer;
	enum status s;

	for (char *c = (char *)invoice.currency; *c; c++)
		*c |= 0x20; /* small letters */
	s = customer_of(payments, db, invoice.user_id, arena, &customer, reterr);
	if (s == OK && !*invoice.stripe_id)
		s = make(payments, db, &invoice, customer, arena, reterr);
	if (s == OK)
		s = issue(payments, db, &invoice, customer, arena, reterr);
	if (s == FAILED_PRECONDITION && strcmp(reterr->field, "customer") == 0 &&
	    db_exec(db, &sql_payments_customer_delete, (const char *[]){customer}, NULL, reterr) !=
		    OK)
		return reterr->code;
	if (s != OK)
		error_prefix(reterr, "invoice %s", invoice.id);
	return s;
}

/* An invoice that Stripe refuses does not hold up the others. It is tried again the next time. */
static enum status send_all(const struct payments *payments, struct db *db, struct error *reterr)
{
	char after[UUID_SIZE] = FIRST_ID;
	enum status s, result = OK;
	int n;

	do {
		_cleanup_(PQclearp) PGresult *rows = NULL;

		s = db_query(db, &sql_payments_invoices_new,
			     (const char *[]){payments_live_param(payments), after}, &rows, reterr);
		n = s == OK ? PQntuples(rows) : 0;
		for (int i = 0; i < n && (s == OK || s == FAILED_PRECONDITION); i++) {
			snprintf(after, sizeof after, "%s", db_peek(rows, i, "id"));
			s = send(payments, db, rows, i, reterr);
			if (s != OK)
				result = s;
		}
	} while (n > 0 && (s == OK || s == FAILED_PRECONDITION));
	return s == OK ? result : s;
}

/* ------------------------------------------------------------------ overdue invoices */

static enum status suspend_tx(struct db *db, void *ctx, struct error *reterr)
{
	const struct payments *payments = ctx;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query(db, &sql_payments_invoices_overdue,
				 (const char *[]){payments_live_param(payments)}, &rows, reterr);

	for (int i = 0; s == OK && i < PQntuples(rows); i++) {
		Credits__V1__SuspendUserRequest req = CREDITS__V1__SUSPEND_USER_REQUEST__INIT;
		char id[UUID_SIZE];

		uuid_v7(id);
		req.user_id = (char *)db_peek(rows, i, "user_id");
		req.suspended = true;
		s = outbox_add(db, id, req.user_id, &credits_v1_suspend_user_method, &req.base,
			       reterr);
	}
	return s;
}

enum status payments_invoice(struct db *db, void *ctx, struct error *reterr)
{
	struct payments *payments = ctx;
	enum status s;

	if (!payments_enabled(payments))
		return OK;
	s = db_tx(db, NULL, suspend_tx, payments, reterr);
	payments_wake(payments);
	if (s == OK)
		s = store_debts(payments, db, reterr);
	return s == OK ? send_all(payments, db, reterr) : s;
}
