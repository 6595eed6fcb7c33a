#include "payments/payments.h"
#include "payments/signature.h"
#include "payments/stripe.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/metrics/metrics.h"

#include <string.h>

static struct metric_family events_total = {"payments_events_total",
					    "Signed events, by what became of them.", "outcome",
					    METRIC_COUNTER, NULL};

struct arrival {
	const json_t *event;
	const ProtobufCBinaryData *raw;
	bool live;
	bool is_new;
};

/* The event and all that follows from it, or nothing. */
static enum status take(struct db *db, void *ctx, struct error *reterr)
{
	struct arrival *arrival = ctx;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 4 * arrival->raw->len + 65536);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const json_t *event = arrival->event;
	const json_t *object = json_object_get(json_object_get(event, "data"), "object");
	const char *const params[] = {
		stripe_text(event, "id"),
		stripe_text(event, "type"),
		stripe_text(object, "id"),
		arrival->live ? "true" : "false",
		db_param_i64(arena, stripe_number(event, "created")),
		db_param_bytes(arena, arrival->raw->data, arrival->raw->len),
	};
	enum status s = db_query(db, &sql_payments_event_insert, params, &rows, reterr);

	if (s != OK)
		return s;
	arrival->is_new = PQntuples(rows) > 0;
	return arrival->is_new ? learn_object(db, object, arrival->live, reterr) : OK;
}

static enum status check(struct rpc_call *call, const json_t *event, bool live)
{
	if (!json_is_object(event) || !*stripe_text(event, "id") || !*stripe_text(event, "type") ||
	    !json_is_object(json_object_get(json_object_get(event, "data"), "object")))
		return rpc_fail_field(call, "field_invalid", "body",
				      "the body is not an event of Stripe's");
	if (live != payments_live())
		return rpc_fail(call, FAILED_PRECONDITION, "stripe_mode_mismatch",
				"the event is of %s mode, and payments has a key of the other",
				live ? "live" : "test");
	return OK;
}

enum status payments_v1_stripe_webhook(struct rpc_call *call,
				       const Payments__V1__StripeWebhookRequest *req,
				       Google__Protobuf__Empty *resp)
{
	static const ProtobufCBinaryData nothing = {.len = 0};
	const ProtobufCBinaryData *raw = req->body ? &req->body->data : &nothing;
	_cleanup_(json_decrefp) json_t *event = NULL;
	struct arrival arrival = {.raw = raw};
	enum status s;

	if (!payments_enabled())
		return rpc_fail(call, FAILED_PRECONDITION, "payments_disabled",
				"Stripe is not configured here");
	s = signature_check(req->stripe_signature, raw->data, raw->len, payments_webhook_secrets(),
			    clock_wall_us() / US_PER_S, payments_conf->webhook_tolerance_ms / 1000,
			    &call->err);
	if (s != OK)
		return s;
	event = json_loadb((const char *)raw->data, raw->len, 0, NULL);
	arrival.event = event;
	arrival.live = json_is_true(json_object_get(event, "livemode"));
	s = check(call, event, arrival.live);
	if (s == OK)
		s = db_tx(service_db(call), NULL, take, &arrival, &call->err);
	if (s != OK)
		return s;
	payments_wake();
	metric_add(metric_get(&events_total, (const char *[]){arrival.is_new ? "taken" : "known"}),
		   1);
	return OK;
}
