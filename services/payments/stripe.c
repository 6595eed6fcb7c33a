#include "payments/stripe.h"

#include "runtime/http/http.h"
#include "runtime/log/log.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_BYTES_MAX (8 << 20)
#define ARENA_BYTES_MAX (2 * ANSWER_BYTES_MAX)
#define CONNECTIONS_MAX 16
#define PAGE_OBJECTS "100" /* Stripe's maximum */

void stripe_start(struct stripe *stripe)
{
	stripe->client = http_client_new(&(struct http_client_options){
		.connections_max = CONNECTIONS_MAX,
		.connections_per_host_max = CONNECTIONS_MAX,
		.user_agent = "limitless-payments",
	});
}

void stripe_stop(struct stripe *stripe)
{
	if (stripe->client)
		http_client_free(TAKE_PTR(stripe->client));
}

/* ------------------------------------------------------------------ forms */

void stripe_form_init(struct stripe_form *form)
{
	buf_init(&form->text, STRIPE_FORM_MAX);
}

void stripe_form_done(struct stripe_form *form)
{
	buf_done(&form->text);
}

/* Brackets stay as they are: Stripe reads them either way, and logs are easier to read. */
static void add_encoded(struct buf *buf, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~[]";

	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_addc(buf, *text);
		else
			buf_addf(buf, "%%%02X", (uint8_t)*text);
	}
}

void stripe_form_add(struct stripe_form *form, const char *name, const char *value)
{
	if (form->text.len)
		buf_addc(&form->text, '&');
	add_encoded(&form->text, name);
	buf_addc(&form->text, '=');
	add_encoded(&form->text, value);
}

void stripe_form_addf(struct stripe_form *form, const char *name, const char *format, ...)
{
	char value[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof value, format, args);
	va_end(args);
	stripe_form_add(form, name, value);
}

/* ------------------------------------------------------------------ answers */

const char *stripe_known_id(const char *id)
{
	return id && *id && strlen(id) <= STRIPE_ID_MAX ? id : NULL;
}

const char *stripe_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

int64_t stripe_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

const char *stripe_id(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);

	return json_string_value(json_is_object(member) ? json_object_get(member, "id") : member);
}

static enum status unavailable(struct error *reterr)
{
	return error_set(reterr, UNAVAILABLE, "stripe_unavailable",
			 "the payment provider does not answer at the moment");
}

/* Reads Stripe's complaint: https://docs.stripe.com/api/errors */
static enum status read_error(const char *path, int32_t status, const json_t *answer,
			      struct error *reterr)
{
	const json_t *error = json_object_get(answer, "error");

	log_warn("stripe_error", LOG_S("path", path), LOG_I("status", status),
		 LOG_S("type", stripe_text(error, "type")),
		 LOG_S("code", stripe_text(error, "code")),
		 LOG_S("param", stripe_text(error, "param")),
		 LOG_S("message", stripe_text(error, "message")));
	if (status == 409 || status == 429 || status >= 500)
		return unavailable(reterr);
	return error_field(reterr, FAILED_PRECONDITION, "stripe_refused",
			   stripe_text(error, "param"), "the payment provider refused the request");
}

static enum status call(const struct stripe *stripe, const char *method, const char *url,
			const char *path, const struct buf *body, const char *idempotency_key,
			json_t **ret, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, ARENA_BYTES_MAX);
	_cleanup_(json_decrefp) json_t *answer = NULL;
	const char *headers[] = {
		arena_printf(arena, "Authorization: Bearer %s", stripe->secret_key),
		arena_printf(arena, "Stripe-Version: %s", stripe->api_version),
		"Content-Type: application/x-www-form-urlencoded",
		idempotency_key ? arena_printf(arena, "Idempotency-Key: %s", idempotency_key)
				: NULL,
		NULL,
	};
	const struct http_request request = {
		.method = method,
		.url = url,
		.headers = headers,
		.body = body ? buf_text(body) : NULL,
		.body_len = body ? body->len : 0,
		.first_byte_timeout_ms = stripe->timeout_ms,
		.total_timeout_ms = stripe->timeout_ms,
		.answer_bytes_max = ANSWER_BYTES_MAX,
	};
	struct http_answer http;
	struct error err;

	if (http_call(stripe->client, &request, arena, &http, &err) != OK) {
		log_warn("stripe_unreachable", LOG_S("path", path), LOG_S("message", err.message));
		return unavailable(reterr);
	}
	answer = stripe_read(http.body, http.body_len);
	if (http.status != 200)
		return read_error(path, http.status, answer, reterr);
	if (!json_is_object(answer)) {
		log_warn("stripe_error", LOG_S("path", path), LOG_S("message", "not JSON"));
		return unavailable(reterr);
	}
	*ret = TAKE_PTR(answer);
	return OK;
}

enum status stripe_get(const struct stripe *stripe, const char *path,
		       const struct stripe_form *form, json_t **ret, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 4 * STRIPE_FORM_MAX);
	const char *query = form ? buf_text(&form->text) : "";

	return call(
		stripe, "GET",
		arena_printf(arena, "%s%s%s%s", stripe->api_url, path, *query ? "?" : "", query),
		path, NULL, NULL, ret, reterr);
}

enum status stripe_post(const struct stripe *stripe, const char *path,
			const struct stripe_form *form, const char *idempotency_key, json_t **ret,
			struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 4 * STRIPE_FORM_MAX);

	if (form->text.overflow)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the request to Stripe is longer than %d bytes", STRIPE_FORM_MAX);
	return call(stripe, "POST", arena_printf(arena, "%s%s", stripe->api_url, path), path,
		    &form->text, idempotency_key, ret, reterr);
}

enum status stripe_list(const struct stripe *stripe, const char *path,
			const struct stripe_form *form, stripe_each_fn *each, void *ctx,
			struct error *reterr)
{
	char after[STRIPE_ID_MAX + 1] = "";
	bool more = true;

	while (more) {
		_cleanup_(stripe_form_done) struct stripe_form page;
		_cleanup_(json_decrefp) json_t *list = NULL;
		const json_t *object, *data;
		const char *last = NULL;
		enum status s;
		size_t i;

		stripe_form_init(&page);
		buf_adds(&page.text, buf_text(&form->text));
		stripe_form_add(&page, "limit", PAGE_OBJECTS);
		if (*after)
			stripe_form_add(&page, "starting_after", after);
		s = stripe_get(stripe, path, &page, &list, reterr);
		if (s != OK)
			return s;
		data = json_object_get(list, "data");
		json_array_foreach(data, i, object)
		{
			s = each(object, ctx, reterr);
			if (s != OK)
				return s;
			last = stripe_known_id(stripe_text(object, "id"));
		}
		more = json_is_true(json_object_get(list, "has_more"));
		if (more && (!last || strcmp(last, after) == 0)) { /* it would begin again */
			log_warn("stripe_error", LOG_S("path", path),
				 LOG_S("message", "endless list"));
			return unavailable(reterr);
		}
		snprintf(after, sizeof after, "%s", last ? last : "");
	}
	return OK;
}
