#include "chat/ask_providers.h"

#include "chat/chat.h"
#include "chat/provider/validate.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES_MAX (256u << 20)
#define OPTION "--test-providers"

bool ask_providers_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], OPTION) == 0)
			return true;
	}
	return false;
}

/* One line for each key. False: one failed. */
static bool ask_one(struct http_client *client, const struct provider *provider, int64_t timeout_ms)
{
	bool all = true;

	for (size_t i = 0; i < provider->n_keys; i++) {
		struct provider_verdict verdict;

		provider_validate(client, provider, &provider->keys[i], provider->model, timeout_ms,
				  &verdict);
		printf("%-16s %-6s %-6s %s\n", provider->name,
		       *verdict.hint ? verdict.hint : "(none)", verdict.ok ? "ok" : "FAILED",
		       verdict.ok ? "" : verdict.why.message);
		all &= verdict.ok;
	}
	return all;
}

static bool ask_all(const struct provider_set *set, const char *name, int64_t timeout_ms)
{
	struct http_client *client = http_client_new(&(struct http_client_options){0});
	bool all = true, some = false;

	for (size_t i = 0; i < set->n; i++) {
		if (*name && strcmp(set->providers[i].name, name) != 0)
			continue;
		some = true;
		all &= ask_one(client, &set->providers[i], timeout_ms);
	}
	http_client_free(client);
	if (!some)
		printf("%s\n", *name ? "no provider of this name has a key and an address"
				     : "no provider has a key and an address");
	return all && some;
}

int ask_providers(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, ARENA_BYTES_MAX);
	struct chat_conf conf = {0};
	struct provider_set set = {0};
	const struct service_spec spec = {.keys = chat_keys, .n_keys = chat_keys_n};
	const char *file = NULL, *name = "";
	struct error err;
	enum status s;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			file = argv[++i];
		else if (strcmp(argv[i], OPTION) != 0)
			name = argv[i];
	}
	s = service_conf_load(&spec, file, "CHAT", arena, &conf, &err);
	if (s == OK)
		s = provider_set_read(conf.providers, NULL, arena, &set, &err);
	if (s == OK)
		return ask_all(&set, name, conf.validate_ms) ? 0 : 1;
	fprintf(stderr, "chat: %s\n", err.message);
	return 1;
}
