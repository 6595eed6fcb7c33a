/* Routes of the stand-in Stripe for tests, beside its API. */
#include "stripe.h"

#include "runtime/base/ensure.h"

#include <string.h>

static int32_t fault_status; /* under the lock of stripe_handle */
static int64_t fault_times;

int32_t control_fault(void)
{
	if (fault_times == 0)
		return 0;
	fault_times--;
	return fault_status;
}

static bool has_dispute(const char *intent, const char *status)
{
	json_t *dispute;
	const char *id;

	json_object_foreach(
		store_all("dispute"), id,
		dispute) if (strcmp(form_text(dispute, "payment_intent"), intent) == 0 &&
			     (strcmp(form_text(dispute, "status"), status) == 0)) return true;
	return false;
}

/* The payments, one row each, which tests compare with the books. */
static json_t *payments(void)
{
	json_t *rows = json_array(), *intent;
	const char *id;

	json_object_foreach(store_all("payment_intent"), id, intent)
	{
		json_t *charge = store_find("charge", form_text(intent, "latest_charge"));
		bool disputed = has_dispute(id, "needs_response") || has_dispute(id, "lost");

		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:O, s:O, s:s, s:b}", "intent", id, "payment",
					form_text(json_object_get(intent, "metadata"), "payment"),
					"amount", json_object_get(intent, "amount"), "refunded",
					json_object_get(charge, "amount_refunded"), "currency",
					form_text(intent, "currency"), "disputed", (int)disputed));
	}
	return json_pack("{s:o}", "payments", rows);
}

static json_t *make_dispute(const struct stripe_request *req)
{
	const char *id = form_text(req->form, "payment_intent");
	json_t *intent = store_find("payment_intent", id), *dispute;

	if (!intent)
		return NULL;
	dispute = store_new("dispute", "dp");
	ensure(json_object_update_new(dispute,
				      json_pack("{s:O, s:s, s:s, s:s, s:s}", "amount",
						json_object_get(intent, "amount"), "currency",
						form_text(intent, "currency"), "payment_intent", id,
						"charge", form_text(intent, "latest_charge"),
						"status", "needs_response")) == 0);
	webhook_tell("charge.dispute.created", dispute);
	return json_incref(dispute);
}

static json_t *close_dispute(const struct stripe_request *req, const char *id)
{
	json_t *dispute = store_find("dispute", id);

	if (!dispute)
		return NULL;
	json_object_set_new(dispute, "status", json_string(form_text(req->form, "status")));
	webhook_tell("charge.dispute.closed", dispute);
	return json_incref(dispute);
}

/* A refund that the bank sends back is undone. */
static json_t *fail_refund(const char *id)
{
	json_t *refund = store_find("refund", id), *charge;
	json_int_t refunded;

	if (!refund || strcmp(form_text(refund, "status"), "succeeded") != 0)
		return NULL;
	charge = store_find("charge", form_text(refund, "charge"));
	refunded = json_integer_value(json_object_get(charge, "amount_refunded")) -
		   json_integer_value(json_object_get(refund, "amount"));
	json_object_set_new(charge, "amount_refunded", json_integer(refunded));
	json_object_set_new(charge, "refunded", json_false());
	json_object_set_new(refund, "status", json_string("failed"));
	webhook_tell("refund.failed", refund);
	return json_incref(refund);
}

static json_t *set_faults(const json_t *form)
{
	static const char *const modes[] = {"send", "drop", "hold"};
	const char *mode = form_text(form, "webhooks");

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(mode, modes[i]) == 0)
			webhook_set_mode((enum webhook_mode)i);
	fault_status = (int32_t)form_number(form, "fail", 0);
	fault_times = fault_status ? form_number(form, "times", 1) : 0;
	return json_object();
}

void control_answer(const struct stripe_request *req, struct stripe_answer *answer)
{
	const char *what = req->path + strlen("/standin/stripe/");

	if (strcmp(what, "payments") == 0)
		answer->body = payments();
	else if (strcmp(what, "disputes") == 0)
		answer->body = make_dispute(req);
	else if (strncmp(what, "disputes/", strlen("disputes/")) == 0)
		answer->body = close_dispute(req, what + strlen("disputes/"));
	else if (strncmp(what, "refunds/", strlen("refunds/")) == 0)
		answer->body = fail_refund(what + strlen("refunds/"));
	else if (strncmp(what, "subscriptions/", strlen("subscriptions/")) == 0)
		answer->body = subscription_control(req, what + strlen("subscriptions/"));
	else if (strcmp(what, "faults") == 0)
		answer->body = set_faults(req->form);
	else if (strcmp(what, "deliver") == 0)
		answer->body = json_pack("{s:I}", "events",
					 (json_int_t)webhook_deliver(
						 strcmp(form_text(req->form, "order"), "back") == 0,
						 form_number(req->form, "times", 1)));
	answer->status = 200;
	if (!answer->body)
		stripe_error(answer, 404, "invalid_request_error", "resource_missing", "id",
			     "The stand-in has no such thing.");
}
