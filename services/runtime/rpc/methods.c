/* The methods of a server, found by their path. */
#include "runtime/rpc/server.h"

#include "runtime/base/ensure.h"
#include "runtime/base/hash.h"
#include <string.h>

#define METHODS_MAX 1024

void methods_init(struct rpc_server *server)
{
	server->methods = calloc(METHODS_MAX, sizeof(server->methods[0]));
	ensure(server->methods);
}

void methods_done(struct rpc_server *server)
{
	free(server->methods);
	free(server->index);
}

void methods_add(struct rpc_server *server, const struct rpc_handler *handlers, size_t n,
		 bool anyone)
{
	ensure(!server->started && server->n_methods + n <= METHODS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct method_entry *entry = &server->methods[server->n_methods++];

		entry->handler = handlers[i];
		entry->anyone = anyone;
		report_method(entry);
	}
}

void rpc_server_register(struct rpc_server *server, const struct rpc_handler *handlers, size_t n)
{
	methods_add(server, handlers, n, false);
}

void methods_index(struct rpc_server *server)
{
	for (server->index_size = 64; server->index_size < server->n_methods * 4;)
		server->index_size *= 2;
	server->index = calloc(server->index_size, sizeof(server->index[0]));
	ensure(server->index);
	for (size_t i = 0; i < server->n_methods; i++) {
		const char *path = server->methods[i].handler.method->path;
		uint32_t at = hash_fnv1a(path, strlen(path));

		while (server->index[at % server->index_size])
			at++;
		server->index[at % server->index_size] = (uint32_t)i + 1;
	}
}

struct method_entry *methods_find(struct rpc_server *server, const char *path, size_t len)
{
	for (uint32_t at = hash_fnv1a(path, len); server->index[at % server->index_size]; at++) {
		struct method_entry *entry =
			&server->methods[server->index[at % server->index_size] - 1];
		const char *own = entry->handler.method->path;

		if (strlen(own) == len && memcmp(own, path, len) == 0)
			return entry;
	}
	return NULL;
}
