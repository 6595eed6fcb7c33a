#include "chat/catalogue/current.h"
#include "chat/chat.h"
#include "chat/provider/validate.h"
#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/service/list.h"

#include <string.h>

static const struct provider *find(const struct provider_set *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++) {
		if (strcmp(set->providers[i].name, name) == 0)
			return &set->providers[i];
	}
	return NULL;
}

/* The name of some model at the provider, or NULL. */
static const char *some_model(const struct catalogue *catalogue, const struct provider *provider)
{
	for (size_t m = 0; m < catalogue->n_models; m++) {
		const struct model *model = &catalogue->models[m];

		for (size_t r = 0; model->kind == MODEL_CHAT && r < model->n_routes; r++) {
			if (model->routes[r].provider == provider)
				return model->routes[r].upstream;
		}
	}
	return provider->model;
}

static void describe(struct arena *arena, const struct provider_key *key,
		     const struct provider_verdict *verdict, Chat__V1__ProviderKeyVerdict *ret)
{
	ret->key = arena_strdup(arena, key->id);
	ret->hint = arena_strdup(arena, verdict->hint);
	ret->ok = verdict->ok;
	ret->reason = arena_strdup(arena, verdict->ok ? "" : verdict->why.reason);
	ret->detail = arena_strdup(arena, verdict->ok ? "" : verdict->why.message);
}

/* Asks with one key after another. only: with this one; NULL: with all. */
static enum status ask_all(struct rpc_call *call, const struct catalogue *catalogue,
			   const struct provider *provider, const struct provider_key *only,
			   Chat__V1__ValidateProviderResponse *resp)
{
	struct http_client *client = http_client_new(&(struct http_client_options){0});
	const struct chat_conf *conf = chat_of(call)->conf;
	int64_t end_us = clock_mono_us() + conf->validate_all_ms * US_PER_MS;
	size_t first = only ? (size_t)(only - provider->keys) : 0, n = only ? 1 : provider->n_keys;
	enum status s = list_new(call, &chat__v1__provider_key_verdict__descriptor, n,
				 &resp->n_keys, &resp->keys);

	resp->ok = true;
	for (size_t i = 0; s == OK && i < n; i++) {
		struct provider_key *key = &provider->keys[first + i];
		struct provider_verdict verdict = {
			.why = {.reason = "deadline",
				.message =
					"the keys before took too long: this one was not asked"}};

		if (clock_mono_us() < end_us)
			provider_validate(client, provider, key, some_model(catalogue, provider),
					  conf->validate_ms, &verdict);
		resp->ok &= verdict.ok;
		if (!verdict.ok && !(resp->detail && *resp->detail))
			resp->detail = arena_strdup(call->arena, verdict.why.message);
		describe(call->arena, key, &verdict, resp->keys[i]);
	}
	http_client_free(client);
	return s;
}

static bool is_listed(const struct provider_set *set, const char *name)
{
	for (const char *const *known = set->names; *known; known++) {
		if (strcmp(*known, name) == 0)
			return true;
	}
	return false;
}

enum status chat_v1_validate_provider(struct rpc_call *call,
				      const Chat__V1__ValidateProviderRequest *req,
				      Chat__V1__ValidateProviderResponse *resp)
{
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue =
		current_catalogue(chat_of(call)->current);
	const struct provider_set *set = catalogue->providers;
	const struct provider *provider = find(set, req->provider);
	const struct provider_key *only = NULL;
	uint32_t bit;
	enum status s;

	if (!provider && !is_listed(set, req->provider))
		return rpc_fail(call, NOT_FOUND, "not_found", "chat.yaml has no provider %s",
				req->provider);
	if (!provider) {
		resp->detail = arena_strdup(call->arena, "it has no key, or no address: it is "
							 "not asked");
		return OK;
	}
	if (*req->key) {
		only = provider_key_find(provider, req->key);
		if (!only)
			return rpc_fail(call, NOT_FOUND, "not_found",
					"%s is not asked with such a key here", provider->name);
	}
	bit = 1U << (provider - set->providers);
	if (atomic_fetch_or(&chat_of(call)->validating, bit) & bit)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "overloaded",
				"%s is being asked already: try again in a moment", provider->name);
	s = ask_all(call, catalogue, provider, only, resp);
	atomic_fetch_and(&chat_of(call)->validating, ~bit);
	log_info("provider_validated", LOG_S("provider", provider->name),
		 LOG_S("by", call->subject), LOG_S("outcome", resp->ok ? "ok" : "failed"),
		 LOG_I("keys", resp->n_keys), LOG_S("request_id", call->ctx.request_id));
	return s;
}
