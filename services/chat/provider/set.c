/* The configured providers. */
#include "chat/provider/provider.h"
#include "runtime/base/ensure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

/* Proxies that libcurl knows. With socks5h:// the proxy looks the host up. */
static bool is_proxy(const char *url)
{
	static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			return true;
	}
	return false;
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

struct reading {
	const struct provider_source *source;
	struct arena *arena;
	size_t requests; /* sum of the limits of all keys so far */
	struct error *err;
};

/* Uses of keys that no row counts are kept here. */
static bool keeps_ring(const struct provider_key *key)
{
	return key->requests_per_minute > 0 &&
	       (!key->id[0] || key->requests_per_minute > PROVIDER_SHARED_MAX);
}

/* Whether an administrator added a key of the provider. */
static bool has_added(const struct provider_source *source, const char *provider)
{
	for (size_t i = 0; source && i < source->n_secrets; i++) {
		if (strcmp(source->secrets[i].provider, provider) == 0)
			return true;
	}
	return false;
}

/* Adds the keys of chat.yaml. */
static void take_own(const struct provider_conf *conf, const char *const *secrets, size_t n,
		     const struct reading *reading, struct provider *provider)
{
	const struct provider_source *source = reading->source;

	for (size_t i = 0; i < n; i++) {
		struct provider_key *key = &provider->keys[provider->n_keys++];

		key->secret = arena_strdup(reading->arena, secrets[i]);
		key->requests_per_minute = (int32_t)conf->requests_per_minute;
		if (source)
			source->id_of(source->ctx, conf->name, secrets[i], key->id);
	}
}

static void take_added(const struct provider_conf *conf, const struct reading *reading,
		       struct provider *provider)
{
	const struct provider_source *source = reading->source;

	for (size_t i = 0; source && i < source->n_secrets; i++) {
		const struct provider_secret *secret = &source->secrets[i];
		struct provider_key *key;

		if (strcmp(secret->provider, conf->name) != 0)
			continue;
		key = provider_key_find(provider, secret->id); /* chat.yaml may have it, too */
		if (!key && provider->n_keys == PROVIDER_KEYS_MAX)
			continue;
		if (!key) {
			key = &provider->keys[provider->n_keys++];
			key->secret = arena_strdup(reading->arena, secret->secret);
			snprintf(key->id, sizeof key->id, "%s", secret->id);
		}
		key->requests_per_minute = secret->requests_per_minute;
	}
}

static enum status make_keys(const struct provider_conf *conf, const char *const *secrets, size_t n,
			     struct reading *reading, struct provider *provider)
{
	provider->keys = arena_array(reading->arena, PROVIDER_KEYS_MAX, sizeof *provider->keys);
	ensure(provider->keys);
	take_own(conf, secrets, n, reading, provider);
	take_added(conf, reading, provider);
	if (provider->n_keys == 0) /* it is asked without one */
		provider->keys[provider->n_keys++].requests_per_minute =
			(int32_t)conf->requests_per_minute;
	for (size_t i = 0; i < provider->n_keys; i++) {
		struct provider_key *key = &provider->keys[i];
		size_t per_minute = (size_t)key->requests_per_minute;

		if (!keeps_ring(key))
			continue;
		reading->requests += per_minute;
		if (reading->requests > REQUESTS_MAX)
			return bad(reading->err, conf, "limits.requests_per_minute",
				   "the limits of all keys together may be %d", REQUESTS_MAX);
		key->minute = arena_array(reading->arena, per_minute, sizeof(int64_t));
		ensure(key->minute);
	}
	return OK;
}

static enum status add(const struct provider_conf *conf, struct reading *reading,
		       struct provider_set *set)
{
	struct provider *provider = &set->providers[set->n];
	const struct provider_api *api = provider_api_find(conf->api);
	const char *secrets[PROVIDER_KEYS_MAX], *base_url = conf->base_url;
	struct arena *arena = reading->arena;
	size_t n = split_keys(arena, conf->keys, secrets);
	enum status s;

	if (!api)
		return bad(reading->err, conf, "api", "'%.100s' is none of %s", conf->api,
			   provider_api_names(arena));
	if (n > PROVIDER_KEYS_MAX)
		return bad(reading->err, conf, "keys", "there are %zu, and may be %d", n,
			   PROVIDER_KEYS_MAX);
	if (*conf->proxy && !is_proxy(conf->proxy))
		return bad(reading->err, conf, "proxy",
			   "it must begin with http://, https://, socks5:// or socks5h://");
	if (!*base_url && api->base_url && (n > 0 || has_added(reading->source, conf->name)))
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
	s = provider_url_read(conf->name, base_url, arena, provider, reading->err);
	if (s == OK)
		s = read_discover(conf, provider, reading->err);
	if (s != OK)
		return s;
	s = make_keys(conf, secrets, n, reading, provider);
	for (size_t i = 0; i < n && i < PROVIDER_KEYS_MAX; i++)
		explicit_bzero((char *)secrets[i], strlen(secrets[i]));
	if (s == OK && (provider->keys[0].secret || !is_public(provider)))
		set->n++;
	return s;
}

void provider_set_wipe(const struct provider_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		for (size_t k = 0; k < set->providers[i].n_keys; k++) {
			char *secret = set->providers[i].keys[k].secret;

			if (secret)
				explicit_bzero(secret, strlen(secret));
		}
	}
}

struct provider_key *provider_key_find(const struct provider *provider, const char *id)
{
	for (size_t k = 0; k < provider->n_keys; k++) {
		if (provider->keys[k].id[0] && strcmp(provider->keys[k].id, id) == 0)
			return &provider->keys[k];
	}
	return NULL;
}

enum status provider_set_read(const struct provider_conf *const *confs,
			      const struct provider_source *source, struct arena *arena,
			      struct provider_set *ret, struct error *reterr)
{
	const char **names = arena_array(arena, PROVIDERS_MAX + 1, sizeof *names);
	struct reading reading = {.source = source, .arena = arena, .err = reterr};
	enum status s = OK;

	ensure(names);
	*ret = (struct provider_set){.names = names};
	for (size_t i = 0; s == OK && confs[i]; i++) {
		ensure(i < PROVIDERS_MAX);
		names[i] = confs[i]->name;
		s = add(confs[i], &reading, ret);
	}
	return s;
}
