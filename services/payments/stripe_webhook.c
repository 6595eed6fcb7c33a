#include "payments/payments.h"
#include "payments/signature.h"
#include "payments/stripe.h"
#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

#include <string.h>

#define WORD_MAX 255               /* bytes of an event's id and type */
#define SECONDS_MAX 253402300799LL /* the end of year 9999 */
#define HASHED_SIZE (sizeof "sha256:" + 2 * DIGEST_SHA256_SIZE)

METRIC_FAMILY(events_total) = {"payments_events_total", "Signed events, by what became of them.",
			       "outcome", METRIC_COUNTER, NULL};

/* An event as it is stored. */
struct arrival {
	const json_t *object; /* NULL: it has none */
	const ProtobufCBinaryData *raw;
	char id[HASHED_SIZE > WORD_MAX + 1 ? HASHED_SIZE : WORD_MAX + 1];
	char type[WORD_MAX + 1];
	const char *object_id; /* NULL: none */
	int64_t created;       /* second; 0: it does not say */
	bool live;
	int64_t grace_ms;
	char note[256]; /* why it has no effect; "": it may have one */
	bool is_new;
};

/* ------------------------------------------------------------------ what an event says */

/* Stripe's own ids are short. One that is missing or long is replaced by the hash of the body, so
 * that a repeat is known all the same. */
static void read_id(const json_t *event, struct arrival *arrival)
{
	const char *id = stripe_text(event, "id");
	uint8_t hash[DIGEST_SHA256_SIZE];
	char hex[2 * DIGEST_SHA256_SIZE + 1];

	if (*id && strlen(id) <= WORD_MAX) {
		snprintf(arrival->id, sizeof arrival->id, "%s", id);
		return;
	}
	digest_sha256(arrival->raw->data, arrival->raw->len, hash);
	hex_encode(hash, sizeof hash, hex);
	snprintf(arrival->id, sizeof arrival->id, "sha256:%s", hex);
}

static const char *why_odd(const json_t *event, const struct arrival *arrival)
{
	if (!json_is_object(event))
		return "the body is not a JSON object";
	if (arrival->id[0] == 's' && strncmp(arrival->id, "sha256:", 7) == 0)
		return "the event has no id of 1 to 255 bytes";
	if (!*arrival->type)
		return "the event has no type of 1 to 255 bytes";
	if (!arrival->object && json_is_object(json_object_get(event, "related_object")))
		return "a thin event: it names an object and does not hold it; use snapshot events";
	if (!arrival->object)
		return "the event has no data.object";
	return "";
}

static void read_event(const json_t *event, bool live, struct arrival *arrival)
{
	const json_t *object = json_object_get(json_object_get(event, "data"), "object");
	const json_t *mode = json_object_get(event, "livemode");
	const char *type = stripe_text(event, "type");

	read_id(event, arrival);
	if (strlen(type) <= WORD_MAX)
		snprintf(arrival->type, sizeof arrival->type, "%s", type);
	if (json_is_object(object)) {
		arrival->object = object;
		arrival->object_id = stripe_known_id(stripe_text(object, "id"));
	}
	arrival->created = stripe_number(event, "created");
	if (arrival->created < 0 || arrival->created > SECONDS_MAX)
		arrival->created = 0;
	arrival->live = json_is_boolean(mode) ? json_is_true(mode) : live;
	snprintf(arrival->note, sizeof arrival->note, "%s", why_odd(event, arrival));
}

/* ------------------------------------------------------------------ storing it */

/* The event and all that follows from it, or nothing. */
static enum status take(struct db *db, void *ctx, struct error *reterr)
{
	struct arrival *arrival = ctx;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 4 * arrival->raw->len + 65536);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		arrival->id,
		arrival->type,
		arrival->object_id,
		arrival->live ? "true" : "false",
		arrival->created ? db_param_i64(arena, arrival->created) : NULL,
		db_param_bytes(arena, arrival->raw->data, arrival->raw->len),
		*arrival->note ? arrival->note : NULL,
	};
	enum status s = db_query(db, &sql_payments_event_insert, params, &rows, reterr);

	if (s != OK)
		return s;
	arrival->is_new = PQntuples(rows) > 0;
	if (!arrival->is_new || *arrival->note)
		return OK;
	return learn_object(db, arrival->object,
			    &(struct learning){arrival->live, arrival->created, arrival->grace_ms},
			    reterr);
}

/* An error that a repeat of the event may not meet. */
static bool passes(enum status s)
{
	return s == UNAVAILABLE || s == ABORTED || s == DEADLINE_EXCEEDED || s == CANCELLED ||
	       s == RESOURCE_EXHAUSTED;
}

/* An event that the database refuses is stored with a note. Otherwise Stripe would send it again
 * for days, and then switch the endpoint off. */
static enum status store(struct rpc_call *call, struct arrival *arrival)
{
	enum status s = db_tx(service_db(call), NULL, take, arrival, &call->err);

	if (s == OK || passes(s) || *arrival->note)
		return s;
	snprintf(arrival->note, sizeof arrival->note, "what it says was refused: %.*s", 200,
		 call->err.message);
	return db_tx(service_db(call), NULL, take, arrival, &call->err);
}

static void report(const struct arrival *arrival)
{
	const char *outcome = !arrival->is_new ? "known" : *arrival->note ? "odd" : "taken";

	metric_add(metric_get(&events_total, &outcome), 1);
	if (arrival->is_new && *arrival->note)
		log_warn("stripe_event_odd", LOG_S("event", arrival->id),
			 LOG_S("type", arrival->type), LOG_S("note", arrival->note));
}

enum status payments_v1_stripe_webhook(struct rpc_call *call,
				       const Payments__V1__StripeWebhookRequest *req,
				       Google__Protobuf__Empty *resp)
{
	static const ProtobufCBinaryData nothing = {.len = 0};
	const ProtobufCBinaryData *raw = req->body ? &req->body->data : &nothing;
	_cleanup_(json_decrefp) json_t *event = NULL;
	struct payments *payments = payments_of(call);
	bool live = payments_live(payments);
	struct arrival arrival = {.raw = raw, .grace_ms = payments->conf->plan_grace_ms};
	enum status s;

	if (!payments_enabled(payments))
		return rpc_fail(call, FAILED_PRECONDITION, "payments_disabled",
				"Stripe is not configured here");
	s = signature_check(req->stripe_signature, raw->data, raw->len, payments->webhook_secrets,
			    clock_wall_us() / US_PER_S, payments->conf->webhook_tolerance_ms / 1000,
			    &call->err);
	if (s != OK)
		return s;
	event = stripe_read(raw->data, raw->len);
	read_event(event, live, &arrival);
	if (arrival.live != live)
		return rpc_fail(call, FAILED_PRECONDITION, "stripe_mode_mismatch",
				"the event is of %s mode, and payments has a key of the other",
				arrival.live ? "live" : "test");
	s = store(call, &arrival);
	if (s != OK)
		return s;
	payments_wake(payments);
	report(&arrival);
	return OK;
}
