/* The configured providers. */
#include "chat/provider/provider.h"
#include "runtime/base/ensure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REQUESTS_MAX 20000000 /* times that all keys together keep: 160 MB */

/* Servers that want a key. deploy/config/models.yaml names their models. */
static const char *const public_urls[] = {PROVIDER_OPENROUTER_URL, PROVIDER_OPENAI_URL};

_printf_(4, 5) static enum status bad(struct error *reterr, const struct provider_conf *conf,
				      const char *key, const char *format, ...)
{
	char what[200];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "providers.%s.%s: %s",
			 conf->name, key, what);
}

static bool blank(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* How many there are; the first PROVIDER_KEYS_MAX are in out. */
static size_t split_keys(struct arena *arena, const char *text, const char **out)
{
	size_t n = 0;

	while (*text) {
		size_t len = 0;

		while (text[len] && !blank(text[len]))
			len++;
		if (len > 0 && n++ < PROVIDER_KEYS_MAX)
			out[n - 1] = arena_strndup(arena, text, len);
		text += len + (text[len] != '\0');
	}
	return n;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static bool is_public(const struct provider *provider)
{
	if (provider->api->base_url && strcmp(provider->base_url, provider->api->base_url) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(public_urls) && !*provider->query; i++) {
		if (strcmp(provider->base_url, public_urls[i]) == 0)
			return true;
	}
	return false;
}

/* Whether a provider's models are asked for. `auto`: where chat.yaml names no model of it. */
static enum status read_discover(const struct provider_conf *conf, struct provider *provider,
				 struct error *reterr)
{
	if (strcmp(conf->discover, "auto") == 0)
		provider->discover = !is_public(provider) && !provider->model && !provider->demo;
	else if (strcmp(conf->discover, "true") == 0 || strcmp(conf->discover, "false") == 0)
		provider->discover = conf->discover[0] == 't';
	else
		return bad(reterr, conf, "discover", "'%.100s' is not auto, true or false",
			   conf->discover);
	return OK;
}

/* secrets: n. Without one the provider gets a single key without a secret. */
static enum status make_keys(const struct provider_conf *conf, const char *const *secrets, size_t n,
			     struct arena *arena, size_t *requests, struct provider *provider,
			     struct error *reterr)
{
	size_t per_minute = (size_t)conf->requests_per_minute;

	provider->requests_per_minute = (int32_t)per_minute;
	provider->n_keys = n > 0 ? n : 1;
	provider->keys = arena_array(arena, provider->n_keys, sizeof *provider->keys);
	ensure(provider->keys);
	*requests += per_minute * provider->n_keys;
	if (*requests > REQUESTS_MAX)
		return bad(reterr, conf, "limits.requests_per_minute",
			   "the limits of all keys together may be %d", REQUESTS_MAX);
	for (size_t i = 0; i < provider->n_keys; i++) {
		provider->keys[i].secret = n > 0 ? secrets[i] : NULL;
		if (per_minute == 0)
			continue;
		provider->keys[i].minute = arena_array(arena, per_minute, sizeof(int64_t));
		ensure(provider->keys[i].minute);
	}
	return OK;
}

/* requests: sum of the limits of all keys so far. */
static enum status add(const struct provider_conf *conf, struct arena *arena, size_t *requests,
		       struct provider_set *set, struct error *reterr)
{
	struct provider *provider = &set->providers[set->n];
	const struct provider_api *api = provider_api_find(conf->api);
	const char *secrets[PROVIDER_KEYS_MAX], *base_url = conf->base_url;
	size_t n = split_keys(arena, conf->keys, secrets);
	enum status s;

	if (!api)
		return bad(reterr, conf, "api", "'%.100s' is none of %s", conf->api,
			   provider_api_names(arena));
	if (n > PROVIDER_KEYS_MAX)
		return bad(reterr, conf, "keys", "there are %zu, and may be %d", n,
			   PROVIDER_KEYS_MAX);
	if (!*base_url && api->base_url && n > 0)
		base_url = api->base_url;
	if (!*base_url)
		return OK;
	*provider = (struct provider){
		.name = conf->name,
		.proxy = or_null(conf->proxy),
		.model = or_null(conf->model),
		.demo = api->canned,
		.api = api,
	};
	s = provider_url_read(conf->name, base_url, arena, provider, reterr);
	if (s == OK)
		s = read_discover(conf, provider, reterr);
	if (s != OK || (n == 0 && is_public(provider)))
		return s;
	s = make_keys(conf, secrets, n, arena, requests, provider, reterr);
	if (s == OK)
		set->n++;
	return s;
}

enum status provider_set_read(const struct provider_conf *const *confs, struct arena *arena,
			      struct provider_set *ret, struct error *reterr)
{
	const char **names = arena_array(arena, PROVIDERS_MAX + 1, sizeof *names);
	size_t requests = 0;
	enum status s = OK;

	ensure(names);
	*ret = (struct provider_set){.names = names};
	for (size_t i = 0; s == OK && confs[i]; i++) {
		ensure(i < PROVIDERS_MAX);
		names[i] = confs[i]->name;
		s = add(confs[i], arena, &requests, ret, reterr);
	}
	return s;
}
