/* A stand-in for Stripe, for the demo and for tests: the parts of its API that payments uses
 * (docs.stripe.com/api), a page to pay at, signed webhooks, and a table of payments. Everything is
 * in memory, so a restart forgets all customers and payments, as if they had been deleted in
 * Stripe's dashboard.
 *
 * Routes for tests, with the control token:
 *   GET  /standin/stripe/payments      payments, with their refunds and disputes
 *   POST /standin/stripe/disputes      payment_intent=…: a buyer complains
 *   POST /standin/stripe/disputes/ID   status=won|lost
 *   POST /standin/stripe/refunds/ID    status=failed: the bank sent a refund back
 *   POST /standin/stripe/subscriptions/ID
 *                                      do=renew: an interval is paid; fail: its payment fails;
 *                                      end: it is cancelled at once; api=new: events have the
 *                                      shape of API versions from 2025 on
 *   POST /standin/stripe/faults        webhooks=send|drop|hold
 *                                      fail=STATUS, times=N: the next N calls of the API take
 *                                      effect, and are answered with this status
 *   POST /standin/stripe/deliver       order=forth|back, times=N: sends the events that were held
 *   POST /pay/ID                       pays a session or an invoice, as its page does */
#ifndef TOOLS_STANDIN_STRIPE_H
#define TOOLS_STANDIN_STRIPE_H

#include "standin.h"

#include <jansson.h>

struct stripe_answer {
	int32_t status;
	json_t *body;         /* NULL: page or location */
	struct buf page;      /* HTML */
	const char *location; /* of a 303, in the request's arena */
};

/* A request: the fields of its form or query. */
struct stripe_request {
	const char *method, *path;
	const char *base; /* "http://host:port", as the client knows us */
	const json_t *form;
	struct arena *arena;
};

/* Starts and stops what sends webhooks. */
void stripe_start(const struct standin_conf *conf);
void stripe_stop(void);

/* Whether the path belongs to Stripe's part of the stand-in. */
bool stripe_has_path(const char *path);
void stripe_handle(struct httpd_request *req, const struct standin_conf *conf);

/* ------------------------------------------------------------------ store; all under one lock,
 * which stripe_handle takes */

/* A new object of a kind ("customer") with id, object, created and livemode; the store owns it. */
json_t *store_new(const char *kind, const char *prefix);
/* NULL: there is none. Borrowed. */
json_t *store_find(const char *kind, const char *id);
/* All of a kind, oldest first. Borrowed. */
json_t *store_all(const char *kind);
/* The answer to a list request: created[gte], limit, starting_after, newest first. */
json_t *store_list(const char *kind, const json_t *form);
/* Copies "metadata[…]" fields, or those below another prefix. */
json_t *store_metadata(const json_t *form, const char *prefix);

const char *form_text(const json_t *form, const char *name); /* "" when absent */
int64_t form_number(const json_t *form, const char *name, int64_t fallback);

/* An error as Stripe words it. */
void stripe_error(struct stripe_answer *answer, int32_t status, const char *type, const char *code,
		  const char *param, const char *message);

/* ------------------------------------------------------------------ API, page, control */

void api_answer(const struct stripe_request *req, struct stripe_answer *answer);
void page_answer(const struct stripe_request *req, struct stripe_answer *answer);
void control_answer(const struct stripe_request *req, struct stripe_answer *answer);
/* The status that a fault asks for instead of the true answer, or 0. */
int32_t control_fault(void);

/* ------------------------------------------------------------------ subscriptions */

/* A check-out of a subscription was paid: it begins, and its first invoice is paid. */
void subscription_begin(const struct stripe_request *req, json_t *session);
/* POST /v1/subscriptions/ID: cancel_at_period_end. */
void subscription_change(const struct stripe_request *req, const char *id,
			 struct stripe_answer *answer);
/* The route for tests; NULL: there is none. */
json_t *subscription_control(const struct stripe_request *req, const char *id);

/* ------------------------------------------------------------------ webhooks */

enum webhook_mode { WEBHOOK_SEND, WEBHOOK_DROP, WEBHOOK_HOLD };

/* Tells the receiver that the object changed. The event holds its present state. */
void webhook_tell(const char *type, const json_t *object);
void webhook_set_mode(enum webhook_mode mode);
/* Sends the events that were held, each so many times. Returns their number. */
size_t webhook_deliver(bool backwards, int64_t times);

#endif
