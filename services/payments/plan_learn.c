/* From Stripe's subscriptions and their invoices to facts, and to what credits and chat are told. New
 * versions of Stripe's API moved members; both places are read. */
#include "chat/v1/rpc.h"
#include "credits/v1/rpc.h"
#include "payments/plan.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/db/timestamp.h"
#include "runtime/outbox/outbox.h"

#include <string.h>

#define CREDITS_MAX 1000000000000000LL

/* NULL and 0: not known. */
struct fact {
	const char *id, *user, *plan, *status, *invoice;
	int64_t credits, period_end, end, invoice_end;
	bool cancels;
};

/* ------------------------------------------------------------------ what is told */

static enum status tell_grant(struct db *db, const PGresult *rows, int row, const char *source,
			      struct arena *arena, struct error *reterr)
{
	Credits__V1__GrantPlanRequest req = CREDITS__V1__GRANT_PLAN_REQUEST__INIT;
	const char *invoice = db_peek(rows, row, "object");
	char id[UUID_SIZE];

	uuid_v5(&CREDITS_V1_ID_GRANT, invoice, id);
	req.transfer_id = id;
	req.user_id = db_text(arena, rows, row, "user_id");
	req.plan = db_text(arena, rows, row, "plan");
	req.source = (char *)source;
	req.amount_microcredits = db_i64(rows, row, "credits");
	req.expire_time = timestamp_new(arena, db_i64(rows, row, "until_us"));
	req.reference = (char *)invoice;
	return outbox_add(db, id, source, &credits_v1_grant_plan_method, &req.base, reterr);
}

static enum status tell_end(struct db *db, const PGresult *rows, int row, const char *source,
			    struct arena *arena, struct error *reterr)
{
	Credits__V1__EndPlanRequest req = CREDITS__V1__END_PLAN_REQUEST__INIT;
	char id[UUID_SIZE];

	uuid_v7(id);
	req.user_id = db_text(arena, rows, row, "user_id");
	req.plan = db_text(arena, rows, row, "plan");
	req.source = (char *)source;
	return outbox_add(db, id, source, &credits_v1_end_plan_method, &req.base, reterr);
}

static enum status tell_member(struct db *db, const PGresult *rows, int row, const char *source,
			       struct arena *arena, struct error *reterr)
{
	Chat__V1__SetUserPlanRequest req = CHAT__V1__SET_USER_PLAN_REQUEST__INIT;
	const char *key = arena_printf(arena, "%s:member", source);
	char id[UUID_SIZE];

	uuid_v7(id);
	req.user_id = db_text(arena, rows, row, "user_id");
	req.plan = db_text(arena, rows, row, "plan");
	req.until_time = timestamp_new(arena, db_i64(rows, row, "until_us"));
	req.version = db_i64(rows, row, "version");
	return outbox_add(db, id, key, &chat_v1_set_user_plan_method, &req.base, reterr);
}

static enum status tell(struct db *db, const PGresult *rows, int row, const char *source,
			struct arena *arena, struct error *reterr)
{
	const char *action = db_peek(rows, row, "action");

	if (strcmp(action, "grant") == 0)
		return tell_grant(db, rows, row, source, arena, reterr);
	if (strcmp(action, "end") == 0)
		return tell_end(db, rows, row, source, arena, reterr);
	return tell_member(db, rows, row, source, arena, reterr);
}

static enum status learn(struct db *db, const struct fact *fact, const struct learning *how,
			 struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 1 << 20);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		how->live ? "true" : "false",
		fact->id,
		fact->user,
		fact->plan,
		fact->credits ? db_param_i64(arena, fact->credits) : NULL,
		fact->status,
		fact->period_end ? db_param_i64(arena, fact->period_end) : NULL,
		fact->cancels ? "true" : "false",
		fact->end ? db_param_i64(arena, fact->end) : NULL,
		how->at ? db_param_i64(arena, how->at) : NULL,
		fact->invoice,
		fact->invoice_end ? db_param_i64(arena, fact->invoice_end) : NULL,
		db_param_i64(arena, how->grace_ms),
	};
	enum status s = db_query(db, &sql_payments_learn_subscription, params, &rows, reterr);

	for (int i = 0; s == OK && i < PQntuples(rows); i++)
		s = tell(db, rows, i, fact->id, arena, reterr);
	return s;
}

/* ------------------------------------------------------------------ objects */

static const json_t *in(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static const json_t *first_of(const json_t *object, const char *list)
{
	return json_array_get(in(in(object, list), "data"), 0);
}

/* The terms that the check-out wrote into the subscription: all of them, or none. */
static bool read_terms(const json_t *metadata, struct fact *fact)
{
	const char *user = stripe_text(metadata, "user"), *plan = stripe_text(metadata, "plan");
	const char *credits = stripe_text(metadata, "credits");
	int64_t amount;

	if (!uuid_valid(user) || !*plan || strlen(plan) > PLAN_BYTES_MAX ||
	    !text_parse_i64(credits, strlen(credits), 1, CREDITS_MAX, &amount))
		return false;
	fact->user = user;
	fact->plan = plan;
	fact->credits = amount;
	return true;
}

static int64_t or_else(int64_t a, int64_t b)
{
	return a > 0 ? a : b > 0 ? b : 0;
}

static void read_subscription(const json_t *object, struct fact *fact)
{
	static const char *const over[] = {"canceled", "incomplete_expired"};

	fact->id = stripe_known_id(stripe_text(object, "id"));
	fact->status = stripe_text(object, "status");
	read_terms(in(object, "metadata"), fact);
	fact->period_end = or_else(stripe_number(object, "current_period_end"),
				   stripe_number(first_of(object, "items"), "current_period_end"));
	fact->cancels = json_is_true(in(object, "cancel_at_period_end")) ||
			stripe_number(object, "cancel_at") > 0;
	for (size_t i = 0; i < ARRAY_SIZE(over); i++) {
		if (strcmp(fact->status, over[i]) == 0)
			fact->end = or_else(or_else(stripe_number(object, "ended_at"),
						    stripe_number(object, "canceled_at")),
					    clock_wall_us() / US_PER_S);
	}
}

/* Of an invoice; NULL: it is none of a subscription. */
static const char *subscription_of(const json_t *invoice)
{
	const json_t *line = first_of(invoice, "lines");
	const char *ids[] = {
		stripe_id(invoice, "subscription"),
		stripe_id(in(in(invoice, "parent"), "subscription_details"), "subscription"),
		stripe_id(line, "subscription"),
		stripe_id(in(in(line, "parent"), "subscription_item_details"), "subscription"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (stripe_known_id(ids[i]))
			return ids[i];
	return NULL;
}

/* The end of the interval that an invoice pays for: the last of its lines. The invoice's own period
 * is the one before. */
static int64_t interval_end(const json_t *invoice)
{
	const json_t *line;
	int64_t end = 0;
	size_t i;

	json_array_foreach(in(in(invoice, "lines"), "data"), i, line)
	{
		int64_t own = stripe_number(in(line, "period"), "end");

		if (own > end)
			end = own;
	}
	return end;
}

static void read_invoice(const json_t *object, struct fact *fact)
{
	static const char *const reasons[] = {"subscription_create", "subscription_cycle", ""};
	const char *reason = stripe_text(object, "billing_reason");

	fact->id = subscription_of(object);
	if (!read_terms(in(in(object, "subscription_details"), "metadata"), fact) &&
	    !read_terms(in(in(in(object, "parent"), "subscription_details"), "metadata"), fact))
		read_terms(in(first_of(object, "lines"), "metadata"), fact);
	/* Others pay for a change within an interval, whose credits were granted. */
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (strcmp(stripe_text(object, "status"), "paid") == 0 &&
		    strcmp(reason, reasons[i]) == 0)
			fact->invoice = stripe_known_id(stripe_text(object, "id"));
	}
	fact->invoice_end = interval_end(object);
}

static bool is_kind(const json_t *object, const char *kind)
{
	return strcmp(stripe_text(object, "object"), kind) == 0;
}

bool is_about_plan(const json_t *object)
{
	return is_kind(object, "subscription") ||
	       (is_kind(object, "invoice") && subscription_of(object));
}

enum status plan_learn(struct db *db, const json_t *object, const struct learning *how,
		       struct error *reterr)
{
	struct fact fact = {0};

	if (is_kind(object, "subscription"))
		read_subscription(object, &fact);
	else
		read_invoice(object, &fact);
	if (!fact.id || (!fact.status && !fact.invoice) ||
	    (fact.status && (!*fact.status || strlen(fact.status) > 40)))
		return OK;
	return learn(db, &fact, how, reterr);
}
