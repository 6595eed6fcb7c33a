/* The payer is the cause of a call. His open streams are counted, so that one user's load is not
 * another's loss. */
#include "runtime/rpc/server.h"

#include "runtime/base/ensure.h"
#include "runtime/base/hash.h"
#include "runtime/net/address.h"
#include <stdio.h>
#include <string.h>

_Static_assert(PAYER_SIZE >= NET_ADDRESS_SIZE, "an address names a payer");

/* A user or a session with streams. Guarded by server->payers_lock. */
struct payer {
	struct payer *next;
	char key[PAYER_SIZE];
	int32_t holders; /* calls that point here */
	int32_t streams; /* of those, the ones that count */
};

static uint32_t hash_of(const char *key)
{
	uint32_t hash = hash_fnv1a(key, strlen(key));

	return hash ^ hash >> 15;
}

/* ------------------------------------------------------------------ who it is */

void payer_name(struct server_call *call)
{
	const struct rpc_context *ctx = &call->pub.ctx;

	if (call->entry->anyone)
		return; /* a peer that nobody knows names no user */
	if (ctx->subject.user_id[0])
		memcpy(call->payer, ctx->subject.user_id, strlen(ctx->subject.user_id) + 1);
	else if (ctx->client_address[0])
		net_address_key(ctx->client_address, call->payer);
	call->payer_hash = hash_of(call->payer);
}

/* ------------------------------------------------------------------ how many streams */

static struct payer **place_of(struct rpc_server *server, const char *key)
{
	struct payer **at = &server->payers[hash_of(key) % PAYERS_BUCKETS];

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

/* NULL: the key has no room for one more stream that counts. */
static struct payer *enter(struct rpc_server *server, const char *key, bool counts, int32_t max)
{
	struct payer **at = place_of(server, key), *payer = *at;

	if (counts && payer && payer->streams >= max)
		return NULL;
	if (!payer) {
		payer = calloc(1, sizeof(*payer));
		ensure(payer);
		memcpy(payer->key, key, strlen(key) + 1);
		*at = payer;
	}
	payer->holders++;
	payer->streams += counts;
	return payer;
}

static void leave(struct rpc_server *server, struct payer *payer, bool counted)
{
	struct payer **at;

	payer->streams -= counted;
	if (--payer->holders > 0)
		return;
	at = place_of(server, payer->key);
	*at = payer->next;
	free(payer);
}

bool payer_enter(struct server_call *call, const char **ret_whose, int32_t *ret_max)
{
	struct rpc_server *server = call->server;
	const struct rpc_subject *subject = &call->pub.ctx.subject;
	char session[PAYER_SIZE];

	if (call->pub.method->kind == RPC_UNARY || call->payer[0] == '\0')
		return true;
	/* A service's own streams do not count. It makes some for a user, whose stream it has
	 * counted already: they have that user's name. */
	call->counted = subject->user_id[0] != '\0';
	pthread_mutex_lock(&server->payers_lock);
	*ret_whose = "user";
	*ret_max = server->options.user_streams_max;
	call->user = enter(server, call->payer, call->counted, *ret_max);
	if (call->user && call->counted && subject->session_id[0]) {
		snprintf(session, sizeof(session), "session %s", subject->session_id);
		*ret_whose = "session";
		*ret_max = server->options.session_streams_max;
		call->session = enter(server, session, true, *ret_max);
		if (!call->session)
			leave(server, TAKE_PTR(call->user), true);
	}
	pthread_mutex_unlock(&server->payers_lock);
	return call->user;
}

void payer_leave(struct server_call *call)
{
	struct rpc_server *server = call->server;

	if (!call->user)
		return;
	pthread_mutex_lock(&server->payers_lock);
	leave(server, call->user, call->counted);
	if (call->session)
		leave(server, call->session, true);
	pthread_mutex_unlock(&server->payers_lock);
}
