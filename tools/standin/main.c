#include "exchange.h"
#include "stripe.h"

#include "runtime/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_BYTES_MAX (34 << 20) /* the API's 32 MiB, and what a translation adds */
#define BODIES_BYTES_MAX ((size_t)512 << 20)
#define DRAIN_MS 1000

static const struct conf_key keys[] = {
	{"listen", CONF_LIST, offsetof(struct standin_conf, listen), "tcp://127.0.0.1:9090", 0, 0,
	 false, "Addresses that it answers on."},
	{"api_key", CONF_SECRET, offsetof(struct standin_conf, api_key), "", 0, 0, false,
	 "The only key that is accepted; empty: any key."},
	{"control_token", CONF_SECRET, offsetof(struct standin_conf, control_token), "", 0, 0,
	 false,
	 "Token of the routes below /standin/ (`Authorization: Bearer`), which show what was "
	 "asked and make faults; empty: they are off."},
	{"pace", CONF_INTEGER, offsetof(struct standin_conf, pace), "60", 0, 1000000, false,
	 "Tokens a second; 0: as fast as they can be read."},
	{"first_token", CONF_DURATION, offsetof(struct standin_conf, first_ms), "200ms", 0, 3600000,
	 false, "Time before the first token."},
	{"models", CONF_LIST, offsetof(struct standin_conf, models), "", 0, 0, false,
	 "The names that it knows; others are answered 404. None: any name."},
	PROCESS_KEYS(""),
	{"stripe.api_key", CONF_SECRET, offsetof(struct standin_conf, stripe_key), "", 0, 0, false,
	 "The only key that Stripe's part accepts; empty: any key."},
	{"stripe.webhook_url", CONF_TEXT, offsetof(struct standin_conf, stripe_webhook_url), "", 0,
	 0, false, "Where Stripe's events go; empty: nowhere."},
	{"stripe.webhook_secret", CONF_SECRET, offsetof(struct standin_conf, stripe_webhook_secret),
	 "", 0, 0, false, "The secret that they are signed with."},
};

static void answer_json(struct httpd_request *req, int32_t status, const char *text)
{
	httpd_answer(req, &(struct httpd_answer){.status = status,
						 .content_type = "application/json",
						 .body = text,
						 .body_len = strlen(text)});
}

static void answer_journal(struct httpd_request *req)
{
	_cleanup_(buf_done) struct buf out;

	buf_init(&out, 64 << 20);
	journal_write(&out);
	answer_json(req, 200, buf_text(&out));
}

/* Routes of tests. On this host any program, and any page in a browser, reaches the port. */
static bool may_control(const struct httpd_request *req, const struct standin_conf *conf)
{
	const char *given = httpd_header(req, "authorization");
	size_t len = strlen(conf->control_token);

	return len > 0 && given && strncmp(given, "Bearer ", 7) == 0 && strlen(given + 7) == len &&
	       equal_constant_time(given + 7, conf->control_token, len);
}

static bool is_gemini(const char *path)
{
	const char *method = strrchr(path, ':');

	return strncmp(path, "/v1beta/models/", strlen("/v1beta/models/")) == 0 && method &&
	       (strcmp(method, ":generateContent") == 0 ||
		strcmp(method, ":streamGenerateContent") == 0);
}

static void handle(struct httpd_request *req, void *ctx)
{
	bool get = strcmp(req->method, "GET") == 0, post = strcmp(req->method, "POST") == 0;

	if (strncmp(req->path, "/standin/", strlen("/standin/")) == 0 && !may_control(req, ctx))
		answer_json(req, 403,
			    "{\"error\":{\"message\":\"The stand-in's own routes want its "
			    "control_token as a bearer token; `limitless up` keeps it in "
			    "DIR/secrets/standin-control.\"}}");
	else if (post && strcmp(req->path, "/v1/chat/completions") == 0)
		completion_handle(req, ctx, &wire_openai);
	else if (post && strcmp(req->path, "/v1/messages") == 0)
		completion_handle(req, ctx, &wire_anthropic);
	else if (post && strcmp(req->path, "/v1/messages/count_tokens") == 0)
		completion_handle(req, ctx, &wire_anthropic_count);
	else if (post && strcmp(req->path, "/v1/embeddings") == 0)
		completion_handle(req, ctx, &wire_embeddings);
	else if (post && strcmp(req->path, "/v1/responses") == 0)
		completion_handle(req, ctx, &wire_responses);
	else if (post && is_gemini(req->path))
		completion_handle(req, ctx, &wire_gemini);
	else if (get && strcmp(req->path, "/v1beta/models") == 0)
		models_handle(req, ctx, &wire_gemini);
	else if (stripe_has_path(req->path))
		stripe_handle(req, ctx);
	else if (get && strcmp(req->path, "/v1/models") == 0)
		models_handle(req, ctx,
			      httpd_header(req, "anthropic-version") ? &wire_anthropic
								     : &wire_openai);
	else if (get && strcmp(req->path, "/standin/requests") == 0)
		answer_journal(req);
	else
		answer_json(req, 404,
			    "{\"error\":{\"message\":\"Invalid "
			    "URL\",\"type\":\"invalid_request_error\","
			    "\"param\":null,\"code\":null}}");
}

static enum status start(struct process *process, void *ctx, struct error *reterr)
{
	const struct standin_conf *conf = process->conf;
	const struct httpd_options options = {
		.listen = conf->listen,
		.handle = handle,
		.ctx = (void *)conf,
		.body_bytes_max = BODY_BYTES_MAX,
		.bodies_bytes_max = BODIES_BYTES_MAX,
		.bodies_bytes_per_client_max = BODIES_BYTES_MAX,
	};

	stripe_start(conf);
	return httpd_start(&options, ctx, reterr);
}

static void stop(void *ctx)
{
	struct httpd **httpd = ctx;

	if (*httpd)
		httpd_drain(*httpd, DRAIN_MS);
	httpd_free(*httpd);
	stripe_stop();
}

int main(int argc, char **argv)
{
	struct httpd *httpd = NULL;
	const struct process_spec spec = {
		.name = "standin",
		.keys = keys,
		.n_keys = ARRAY_SIZE(keys),
		.conf_size = sizeof(struct standin_conf),
		.ctx = &httpd,
		.start = start,
		.stop = stop,
	};

	return process_main(&spec, argc, argv);
}
