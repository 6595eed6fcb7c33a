#include "chat/provider/validate.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_BYTES_MAX (4u << 20)
#define BODY_BYTES_MAX 65536

/* Keys are long. The end of a short one would say too much. */
#define HINTED_BYTES_MIN 16
#define HINT_BYTES 4

static void hint_of(const char *secret, char out[VALIDATE_HINT_SIZE])
{
	size_t len = secret ? strlen(secret) : 0;

	snprintf(out, VALIDATE_HINT_SIZE, "%s",
		 len >= HINTED_BYTES_MIN ? secret + len - HINT_BYTES
		 : len > 0               ? "…"
					 : "");
}

/* OpenRouter shows its models to everybody, and a key to its owner. */
static const char *list_path(const struct provider *provider)
{
	return strcmp(provider->base_url, PROVIDER_OPENROUTER_URL) == 0 ? "/key" : "/models";
}

static bool has_no_list(int32_t status)
{
	return status == 404 || status == 405 || status == 501;
}

/* errors: those of the connection. */
static enum status send(struct http_client *client, struct http_request *request,
			int32_t timeout_ms, struct arena *arena, struct http_answer *ret)
{
	struct error err;

	request->connect_timeout_ms = timeout_ms;
	request->first_byte_timeout_ms = timeout_ms;
	request->total_timeout_ms = timeout_ms;
	request->answer_bytes_max = ANSWER_BYTES_MAX;
	return http_call(client, request, arena, ret, &err);
}

static enum status ask_list(struct http_client *client, const struct provider *provider,
			    const struct provider_key *key, int32_t timeout_ms, struct arena *arena,
			    struct http_answer *ret)
{
	struct http_request request = {
		.method = "GET",
		.url = provider_url(arena, provider, list_path(provider)),
		.headers = provider_get_headers(arena, provider, key),
		.proxy = provider->proxy,
	};

	return send(client, &request, timeout_ms, arena, ret);
}

static enum status ask_token(struct http_client *client, const struct provider *provider,
			     struct provider_key *key, const char *model, int32_t timeout_ms,
			     struct arena *arena, struct http_answer *ret)
{
	const struct prompt_message message = {.role = "user", .text = "Hi"};
	const struct prompt prompt = {
		.messages = &message, .n_messages = 1, .max_output_tokens = 1};
	const struct provider_route route = {.provider = provider, .upstream = model};
	const struct provider_pick pick = {&route, key};
	_cleanup_(buf_done) struct buf body;
	struct http_request request;
	struct error err;
	enum status s;

	buf_init(&body, BODY_BYTES_MAX);
	s = provider->api->request(&pick, &prompt, 0, arena, &body, &request, &err);
	return s == OK ? send(client, &request, timeout_ms, arena, ret) : s;
}

void provider_validate(struct http_client *client, const struct provider *provider,
		       struct provider_key *key, const char *model, int64_t timeout_ms,
		       struct provider_verdict *ret)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, ANSWER_BYTES_MAX * 2);
	struct http_answer answer;
	struct provider_fault fault;
	enum status s;

	*ret = (struct provider_verdict){0};
	hint_of(key->secret, ret->hint);
	s = ask_list(client, provider, key, (int32_t)timeout_ms, arena, &answer);
	if (s == OK && has_no_list(answer.status) && model)
		s = ask_token(client, provider, key, model, (int32_t)timeout_ms, arena, &answer);
	ret->ok = s == OK && answer.status >= 200 && answer.status < 300;
	if (ret->ok)
		return;
	if (s != OK)
		provider_fault_transfer(s, &fault);
	else
		provider->api->refusal(answer.status, NULL, (const char *)answer.body,
				       answer.body_len < 4096 ? answer.body_len : 4096, &fault);
	ret->why = fault.err;
}
