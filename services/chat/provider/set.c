/* The configured providers. */
#include "chat/chat.h"
#include "runtime/base/ensure.h"

#include <string.h>

const char *const provider_names[] = {"openrouter", "openai", "demo", NULL};

static bool blank(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t split_keys(struct arena *arena, const char *text, const char **out)
{
	size_t n = 0;

	while (*text) {
		size_t len = 0;

		while (text[len] && !blank(text[len]))
			len++;
		if (len > 0 && n < PROVIDER_KEYS_MAX)
			out[n++] = arena_strndup(arena, text, len);
		text += len + (text[len] != '\0');
	}
	return n;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

/* The default of a provider's base_url: an address of its own makes a provider without keys usable
 * (Ollama, llama.cpp, vLLM). */
static const char *default_url(const char *name)
{
	for (size_t i = 0; i < chat_keys_n; i++) {
		const char *key = chat_keys[i].key;
		size_t len = strlen("providers."), name_len = strlen(name);

		if (strncmp(key, "providers.", len) == 0 &&
		    strncmp(key + len, name, name_len) == 0 &&
		    strcmp(key + len + name_len, ".base_url") == 0)
			return chat_keys[i].fallback;
	}
	return "";
}

/* Whether a provider's models are asked for: by itself where nobody named one. */
static enum status read_discover(const char *name, const struct provider_conf *conf, bool own_url,
				 bool *ret, struct error *reterr)
{
	if (strcmp(conf->discover, "auto") == 0)
		*ret = own_url && !*conf->model;
	else if (strcmp(conf->discover, "true") == 0 || strcmp(conf->discover, "false") == 0)
		*ret = conf->discover[0] == 't';
	else
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "providers.%s.discover: '%.100s' is not auto, true or false", name,
				 conf->discover);
	return OK;
}

static enum status add(struct provider_set *set, struct arena *arena, const char *name,
		       const struct provider_conf *conf, bool demo, struct error *reterr)
{
	struct provider *provider = &set->providers[set->n];
	const char *secrets[PROVIDER_KEYS_MAX];
	size_t n = split_keys(arena, conf->api_keys, secrets);
	enum status s;
	bool own_url;

	if (!*conf->base_url)
		return OK;
	*provider = (struct provider){
		.name = name,
		.proxy = or_null(conf->proxy),
		.model = or_null(conf->model),
		.demo = demo,
		.api = &provider_openai,
		.n_keys = n > 0 ? n : 1,
		.requests_per_minute = (int32_t)conf->requests_per_minute,
	};
	s = provider_url_read(name, conf->base_url, arena, provider, reterr);
	if (s != OK)
		return s;
	own_url = *provider->query || strcmp(provider->base_url, default_url(name)) != 0;
	if (n == 0 && !own_url)
		return OK;
	if (!demo)
		s = read_discover(name, conf, own_url, &provider->discover, reterr);
	if (s != OK)
		return s;
	provider->keys = arena_array(arena, provider->n_keys, sizeof *provider->keys);
	ensure(provider->keys);
	for (size_t i = 0; i < provider->n_keys; i++) {
		provider->keys[i].secret = n > 0 ? secrets[i] : NULL;
		if (provider->requests_per_minute == 0)
			continue;
		provider->keys[i].minute =
			arena_array(arena, (size_t)provider->requests_per_minute, sizeof(int64_t));
		ensure(provider->keys[i].minute);
	}
	set->n++;
	return OK;
}

enum status provider_set_read(const struct chat_conf *conf, struct arena *arena,
			      struct provider_set *ret, struct error *reterr)
{
	enum status s;

	*ret = (struct provider_set){0};
	s = add(ret, arena, "openrouter", &conf->openrouter, false, reterr);
	if (s == OK)
		s = add(ret, arena, "openai", &conf->openai, false, reterr);
	if (s == OK)
		s = add(ret, arena, "demo", &conf->demo, true, reterr);
	return s;
}
