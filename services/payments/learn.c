/* From Stripe's objects to facts about a payment, and to bookings for credits. An object says how
 * things stand, so repeats and order do not matter. */
#include "credits/v1/rpc.h"
#include "payments/plan.h"
#include "payments/stripe.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"
#include "runtime/outbox/outbox.h"

#include <stdio.h>
#include <string.h>

METRIC_FAMILY(mismatches_total) = {"payments_mismatch_total",
				   "Payments whose amount or currency is not what was asked for.",
				   NULL, METRIC_COUNTER, NULL};

enum claw_state { CLAW_UNDER_WAY, CLAW_FINAL, CLAW_UNDONE };

/* NULL: not known; for paid_minor -1. */
struct fact {
	const char *payment, *intent, *receipt;
	int64_t paid_minor;
	char currency[4]; /* capitals */
	const char *claw, *claw_kind;
	enum claw_state claw_state;
	int64_t claw_minor;
	bool void_invoice;
};

/* ------------------------------------------------------------------ bookings */

/* transfer: the id that BookPayment has or had. */
static void claw_transfer(const char *kind, const char *object, char transfer[UUID_SIZE])
{
	char name[STRIPE_ID_MAX + 16];

	if (strcmp(kind, "refund") == 0) {
		uuid_v5(&CREDITS_V1_ID_REFUND, object, transfer);
		return;
	}
	snprintf(name, sizeof name, "%s:opened", object);
	uuid_v5(&CREDITS_V1_ID_DISPUTE, name, transfer);
}

static enum status add_booking(struct db *db, const char *transfer, const char *payment,
			       const char *user, Credits__V1__Transaction__Kind kind,
			       int64_t credits, struct error *reterr)
{
	Credits__V1__BookPaymentRequest req = CREDITS__V1__BOOK_PAYMENT_REQUEST__INIT;

	req.transfer_id = (char *)transfer;
	req.user_id = (char *)user;
	req.kind = kind;
	req.amount_microcredits = credits;
	req.reference = (char *)payment;
	return outbox_add(db, transfer, payment, &credits_v1_book_payment_method, &req.base,
			  reterr);
}

static enum status add_undoing(struct db *db, const char *kind, const char *object,
			       const char *payment, struct error *reterr)
{
	Credits__V1__ReversePaymentRequest req = CREDITS__V1__REVERSE_PAYMENT_REQUEST__INIT;
	char original[UUID_SIZE], transfer[UUID_SIZE];

	claw_transfer(kind, object, original);
	uuid_v5(&CREDITS_V1_ID_REVERSAL, original, transfer);
	req.transfer_id = transfer;
	req.reverses_id = original;
	req.reference = (char *)payment;
	return outbox_add(db, transfer, payment, &credits_v1_reverse_payment_method, &req.base,
			  reterr);
}

static enum status add_resume(struct db *db, const char *user, struct error *reterr)
{
	Credits__V1__SuspendUserRequest req = CREDITS__V1__SUSPEND_USER_REQUEST__INIT;
	char id[UUID_SIZE];

	uuid_v7(id);
	req.user_id = (char *)user;
	return outbox_add(db, id, user, &credits_v1_suspend_user_method, &req.base, reterr);
}

/* One row of learn(). */
static enum status book(struct db *db, const PGresult *rows, int row, struct error *reterr)
{
	const char *action = db_peek(rows, row, "action"), *object = db_peek(rows, row, "object");
	const char *payment = db_peek(rows, row, "payment_id");
	const char *user = db_peek(rows, row, "user_id");
	int64_t credits = db_i64(rows, row, "credits");
	char transfer[UUID_SIZE];

	if (strcmp(action, "purchase") == 0) {
		uuid_v5(&CREDITS_V1_ID_PURCHASE, payment, transfer);
		return add_booking(db, transfer, payment, user,
				   CREDITS__V1__TRANSACTION__KIND__PURCHASE, credits, reterr);
	}
	if (strcmp(action, "refund") == 0 || strcmp(action, "chargeback") == 0) {
		claw_transfer(action, object, transfer);
		return add_booking(db, transfer, payment, user,
				   *action == 'r' ? CREDITS__V1__TRANSACTION__KIND__REFUND
						  : CREDITS__V1__TRANSACTION__KIND__CHARGEBACK,
				   credits, reterr);
	}
	if (strncmp(action, "undo_", strlen("undo_")) == 0)
		return add_undoing(db, action + strlen("undo_"), object, payment, reterr);
	if (strcmp(action, "resume") == 0)
		return add_resume(db, user, reterr);
	log_error("payment_mismatch", LOG_S("payment", payment));
	metric_add(metric_get(&mismatches_total, NULL), 1);
	return OK;
}

static enum status learn(struct db *db, const struct fact *fact, bool live, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		live ? "true" : "false",
		fact->payment,
		fact->intent,
		fact->paid_minor >= 0 ? db_param_i64(arena, fact->paid_minor) : NULL,
		fact->currency,
		fact->receipt,
		fact->claw,
		fact->claw_kind,
		db_param_i64(arena, fact->claw_state),
		db_param_i64(arena, fact->claw_minor),
		fact->void_invoice ? "true" : "false",
	};
	enum status s;

	if (!fact->payment && !fact->intent)
		return OK;
	s = db_query(db, &sql_payments_learn, params, &rows, reterr);
	for (int i = 0; s == OK && i < PQntuples(rows); i++)
		s = book(db, rows, i, reterr);
	return s;
}

/* ------------------------------------------------------------------ objects */

/* Our payment's id in the object's metadata. Any other text there counts as none. */
static const char *payment_of(const json_t *object)
{
	const char *id = stripe_text(json_object_get(object, "metadata"), "payment");

	return uuid_valid(id) ? id : NULL;
}

static const char *link_of(const json_t *object, const char *name)
{
	const char *link = stripe_text(object, name);

	return strncmp(link, "http", 4) == 0 && strlen(link) <= 4096 ? link : NULL;
}

static void read_currency(const json_t *object, char out[4])
{
	const char *currency = stripe_text(object, "currency");

	for (int i = 0; i < 3 && currency[i]; i++)
		out[i] = (char)(currency[i] >= 'a' && currency[i] <= 'z' ? currency[i] - 'a' + 'A'
									 : currency[i]);
}

static void read_session(const json_t *session, struct fact *fact)
{
	fact->intent = stripe_known_id(stripe_id(session, "payment_intent"));
	if (strcmp(stripe_text(session, "payment_status"), "paid") == 0)
		fact->paid_minor = stripe_number(session, "amount_total");
}

static void read_intent(const json_t *intent, struct fact *fact)
{
	fact->intent = stripe_known_id(stripe_text(intent, "id"));
	if (strcmp(stripe_text(intent, "status"), "succeeded") == 0)
		fact->paid_minor = stripe_number(intent, "amount_received");
}

static void read_charge(const json_t *charge, struct fact *fact)
{
	fact->intent = stripe_known_id(stripe_id(charge, "payment_intent"));
	fact->receipt = link_of(charge, "receipt_url");
}

static void read_invoice(const json_t *invoice, struct fact *fact)
{
	const char *status = stripe_text(invoice, "status");

	fact->intent = stripe_known_id(stripe_id(invoice, "payment_intent"));
	fact->void_invoice = strcmp(status, "void") == 0;
	if (strcmp(status, "paid") != 0)
		return;
	fact->paid_minor = stripe_number(invoice, "amount_paid");
	fact->receipt = link_of(invoice, "hosted_invoice_url");
}

static void read_refund(const json_t *refund, struct fact *fact)
{
	const char *status = stripe_text(refund, "status");

	fact->payment = NULL; /* metadata of a refund are the operator's own */
	fact->intent = stripe_known_id(stripe_id(refund, "payment_intent"));
	fact->claw = fact->intent ? stripe_known_id(stripe_text(refund, "id")) : NULL;
	fact->claw_kind = "refund";
	fact->claw_minor = stripe_number(refund, "amount");
	if (strcmp(status, "succeeded") == 0)
		fact->claw_state = CLAW_FINAL;
	else if (strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0)
		fact->claw_state = CLAW_UNDONE;
}

/* An inquiry (warning_…) moves no money. */
static void read_dispute(const json_t *dispute, struct fact *fact)
{
	const char *status = stripe_text(dispute, "status");

	fact->payment = NULL;
	fact->intent = stripe_known_id(stripe_id(dispute, "payment_intent"));
	if (strncmp(status, "warning_", strlen("warning_")) == 0 ||
	    strcmp(status, "prevented") == 0)
		return;
	fact->claw = fact->intent ? stripe_known_id(stripe_text(dispute, "id")) : NULL;
	fact->claw_kind = "chargeback";
	fact->claw_minor = stripe_number(dispute, "amount");
	if (strcmp(status, "lost") == 0)
		fact->claw_state = CLAW_FINAL;
	else if (strcmp(status, "won") == 0)
		fact->claw_state = CLAW_UNDONE;
}

/* Objects within the object: the charge of an intent, the refunds of a charge. */
static enum status learn_parts(struct db *db, const json_t *object, const struct learning *how,
			       struct error *reterr)
{
	const json_t *charge = json_object_get(object, "latest_charge"), *refund;
	const json_t *refunds = json_object_get(json_object_get(object, "refunds"), "data");
	enum status s = json_is_object(charge) ? learn_object(db, charge, how, reterr) : OK;
	size_t i;

	json_array_foreach(refunds, i, refund) if (s == OK) s =
		learn_object(db, refund, how, reterr);
	return s;
}

enum status learn_object(struct db *db, const json_t *object, const struct learning *how,
			 struct error *reterr)
{
	static const struct {
		const char *object;
		void (*read)(const json_t *object, struct fact *fact);
	} readers[] = {
		{"checkout.session", read_session},
		{"payment_intent", read_intent},
		{"charge", read_charge},
		{"invoice", read_invoice},
		{"refund", read_refund},
		{"dispute", read_dispute},
	};
	const char *kind = stripe_text(object, "object");

	if (is_about_plan(object))
		return plan_learn(db, object, how, reterr);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct fact fact = {.payment = payment_of(object), .paid_minor = -1};
		enum status s;

		if (strcmp(kind, readers[i].object) != 0)
			continue;
		read_currency(object, fact.currency);
		readers[i].read(object, &fact);
		s = learn(db, &fact, how->live, reterr);
		return s == OK ? learn_parts(db, object, how, reterr) : s;
	}
	return OK;
}

struct learn_args {
	const json_t *object;
	struct learning how;
};

static enum status learn_tx(struct db *db, void *ctx, struct error *reterr)
{
	const struct learn_args *args = ctx;

	return learn_object(db, args->object, &args->how, reterr);
}

enum status learn_alone(struct payments *payments, struct db *db, const json_t *object,
			struct error *reterr)
{
	struct learn_args args = {object,
				  {payments_live(payments), 0, payments->conf->plan_grace_ms}};
	enum status s = db_tx(db, NULL, learn_tx, &args, reterr);

	payments_wake(payments);
	return s;
}
