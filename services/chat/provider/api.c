/* The APIs that files of this folder have. */
#include "chat/provider/provider.h"

#include <string.h>

/* The rows of PROVIDER_API; named by the linker. */
extern const struct provider_api *const __start_provider_apis[];
extern const struct provider_api *const __stop_provider_apis[];

const struct provider_api *provider_api_find(const char *name)
{
	for (const struct provider_api *const *api = __start_provider_apis;
	     api < __stop_provider_apis; api++) {
		if (strcmp((*api)->name, name) == 0)
			return *api;
	}
	return NULL;
}

const char *provider_api_names(struct arena *arena)
{
	const char *names = "";

	for (const struct provider_api *const *api = __start_provider_apis;
	     api < __stop_provider_apis; api++)
		names = arena_printf(arena, "%s%s%s", names, *names ? ", " : "", (*api)->name);
	return names;
}
