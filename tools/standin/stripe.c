/* From HTTP to the stand-in Stripe and back: forms, keys, and repeats with one Idempotency-Key. */
#include "stripe.h"

#include "runtime/base/ensure.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PAGE_BYTES_MAX (64 * 1024)
#define ANSWERS_MAX 10000 /* remembered by Idempotency-Key; then all are forgotten */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the whole Stripe */
static json_t *answers; /* Idempotency-Key → {request, status, body} */

bool stripe_has_path(const char *path)
{
	static const char *const prefixes[] = {
		"/v1/customers",     "/v1/checkout/", "/v1/payment_intents", "/v1/charges",
		"/v1/refunds",       "/v1/disputes",  "/v1/invoice",         "/v1/events",
		"/v1/subscriptions", "/pay/",         "/standin/stripe/"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static json_t *read_form(const struct httpd_request *req)
{
	const char *text = req->body_len ? (const char *)req->body : req->query, *name, *value;
	json_t *form = json_object();

	while (httpd_query_next(req->arena, &text, &name, &value))
		if (name)
			json_object_set_new(form, name, json_string(value));
	return form;
}

static bool has_key(const struct httpd_request *req, const char *key)
{
	const char *given = httpd_header(req, "authorization");

	return !*key || (given && strncmp(given, "Bearer ", 7) == 0 && strcmp(given + 7, key) == 0);
}

/* Gives the first answer under the key, or an error when the key has another request. False: the
 * key is new. */
static bool answer_again(const char *key, const char *request, struct stripe_answer *answer)
{
	const json_t *known = json_object_get(answers, key);

	if (!known)
		return false;
	if (strcmp(form_text(known, "request"), request) != 0) {
		stripe_error(answer, 400, "idempotency_error", NULL, NULL,
			     "Keys for idempotent requests can only be used with the same "
			     "parameters they were first used with.");
		return true;
	}
	answer->status = (int32_t)json_integer_value(json_object_get(known, "status"));
	answer->body = json_incref(json_object_get(known, "body"));
	return true;
}

/* Like Stripe, it does not remember requests that failed validation. */
static void remember(const char *key, const char *request, const struct stripe_answer *answer)
{
	if (answer->status != 200)
		return;
	if (!answers || json_object_size(answers) >= ANSWERS_MAX) {
		json_decref(answers);
		answers = json_object();
	}
	json_object_set_new(answers, key,
			    json_pack("{s:s, s:i, s:o}", "request", request, "status",
				      answer->status, "body", json_deep_copy(answer->body)));
}

static void call_api(const struct httpd_request *http, const struct standin_conf *conf,
		     const struct stripe_request *req, struct stripe_answer *answer)
{
	const char *key = httpd_header(http, "idempotency-key");
	const char *text = arena_printf(http->arena, "%s %s %s", http->method, http->path,
					http->body ? (const char *)http->body : "");
	int32_t fault;

	if (!has_key(http, conf->stripe_key)) {
		stripe_error(answer, 401, "invalid_request_error", NULL, NULL,
			     "Invalid API Key provided.");
		return;
	}
	if (strcmp(http->method, "POST") != 0 || !key) {
		api_answer(req, answer);
	} else if (!answer_again(key, text, answer)) {
		api_answer(req, answer);
		remember(key, text, answer);
	}
	fault = control_fault();
	if (fault)
		stripe_error(answer, fault, "api_error", NULL, NULL,
			     "The stand-in was asked to fail.");
}

static void answer_send(struct httpd_request *http, const struct stripe_answer *answer)
{
	char *text = answer->body ? json_dumps(answer->body, JSON_COMPACT) : NULL;
	const struct httpd_header headers[] = {
		{"location", answer->location ? answer->location : ""},
	};

	httpd_answer(http,
		     &(struct httpd_answer){
			     .status = answer->status,
			     .content_type = text ? "application/json" : "text/html; charset=utf-8",
			     .headers = headers,
			     .n_headers = answer->location != NULL,
			     .body = text ? text : buf_text(&answer->page),
			     .body_len = text ? strlen(text) : answer->page.len,
		     });
	free(text);
}

void stripe_handle(struct httpd_request *http, const struct standin_conf *conf)
{
	_cleanup_(json_decrefp) json_t *form = read_form(http);
	const char *host = httpd_header(http, "host");
	const struct stripe_request req = {
		.method = http->method,
		.path = http->path,
		.base = arena_printf(http->arena, "http://%s", host ? host : "localhost"),
		.form = form,
		.arena = http->arena,
	};
	struct stripe_answer answer = {0};

	buf_init(&answer.page, PAGE_BYTES_MAX);
	pthread_mutex_lock(&lock);
	if (strncmp(http->path, "/pay/", strlen("/pay/")) == 0)
		page_answer(&req, &answer);
	else if (strncmp(http->path, "/standin/", strlen("/standin/")) == 0)
		control_answer(&req, &answer);
	else
		call_api(http, conf, &req, &answer);
	/* A deep copy: the object may change once the lock is free. */
	if (answer.body) {
		json_t *copy = json_deep_copy(answer.body);

		json_decref(answer.body);
		answer.body = copy;
	}
	pthread_mutex_unlock(&lock);
	answer_send(http, &answer);
	json_decref(answer.body);
	buf_done(&answer.page);
}
