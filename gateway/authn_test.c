/* The gateway's knowledge of identities against a real edge.v1 server over a socket. */
#include "gateway/authn.h"

#include "edge/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/token/token.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define URL "ipc:///tmp/authn-test.sock"
#define WAIT_US (10 * US_PER_S)

/* Keys and sessions of the server of these tests. */
static struct {
	pthread_mutex_t lock;
	struct arena *arena;
	struct {
		const char *kid;
		char *private_pem, *public_pem;
	} keys[2];
	size_t n_keys; /* that are listed */
	struct rpc_call *feed;
	int64_t sequence;
	atomic_int lists;
} edge = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct rpc_channel *channel;
static _Atomic int64_t ended;

enum status edge_v1_list_keys(struct rpc_call *call, const Google__Protobuf__Empty *req,
			      Edge__V1__ListKeysResponse *resp)
{
	Edge__V1__VerificationKey *all = arena_array(call->arena, 2, sizeof *all);

	atomic_fetch_add(&edge.lists, 1);
	resp->keys = arena_array(call->arena, 2, sizeof *resp->keys);
	pthread_mutex_lock(&edge.lock);
	for (size_t i = 0; i < edge.n_keys; i++) {
		edge__v1__verification_key__init(&all[i]);
		all[i].kid = (char *)edge.keys[i].kid;
		all[i].algorithm = (char *)"ES256";
		all[i].public_key_pem = edge.keys[i].public_pem;
		resp->keys[resp->n_keys++] = &all[i];
	}
	pthread_mutex_unlock(&edge.lock);
	return OK;
}

enum status edge_v1_resolve_api_key(struct rpc_call *call,
				    const Edge__V1__ResolveApiKeyRequest *req,
				    Edge__V1__ResolveApiKeyResponse *resp)
{
	return rpc_fail(call, NOT_FOUND, "not_found", "there is no such key");
}

static void feed_gone(struct rpc_call *call, void *ctx)
{
	pthread_mutex_lock(&edge.lock);
	edge.feed = NULL;
	pthread_mutex_unlock(&edge.lock);
	rpc_finish(call, CANCELLED, NULL);
}

enum status edge_v1_watch_revocations(struct rpc_call *call,
				      const Edge__V1__WatchRevocationsRequest *req)
{
	static const struct rpc_stream_hooks hooks = {.on_cancel = feed_gone};

	rpc_stream_hooks_set(call, &hooks, NULL);
	pthread_mutex_lock(&edge.lock);
	edge.feed = call;
	pthread_mutex_unlock(&edge.lock);
	return RPC_LATER;
}

/* Sends an event when somebody follows. session: NULL for a heartbeat. */
static bool say(const char *session)
{
	Edge__V1__RevocationEvent event = EDGE__V1__REVOCATION_EVENT__INIT;
	Edge__V1__RevokedSession revoked = EDGE__V1__REVOKED_SESSION__INIT;
	Edge__V1__Heartbeat heartbeat = EDGE__V1__HEARTBEAT__INIT;
	Google__Protobuf__Timestamp forget = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	bool sent;

	forget.seconds = clock_wall_us() / US_PER_S + 900;
	revoked.session_id = (char *)session;
	revoked.forget_time = &forget;
	event.sequence = session ? ++edge.sequence : edge.sequence;
	if (session) {
		event.event_case = EDGE__V1__REVOCATION_EVENT__EVENT_SESSION;
		event.session = &revoked;
	} else {
		event.event_case = EDGE__V1__REVOCATION_EVENT__EVENT_HEARTBEAT;
		event.heartbeat = &heartbeat;
	}
	pthread_mutex_lock(&edge.lock);
	sent = edge.feed && rpc_stream_send(edge.feed, &event.base) == OK;
	pthread_mutex_unlock(&edge.lock);
	return sent;
}

static void session_ended(const char *session_id, void *ctx)
{
	atomic_fetch_add(&ended, 1);
}

static const char *token_of(size_t key, const char *user, const char *session, int64_t life_s)
{
	struct token_claims claims = {.audience = "limitless", .type = TOKEN_ACCESS};
	struct token_signer *signer;
	char *token;
	struct error err;

	snprintf(claims.subject, sizeof claims.subject, "%s", user);
	snprintf(claims.session_id, sizeof claims.session_id, "%s", session);
	claims.expires_at = clock_wall_us() / US_PER_S + life_s;
	ensure(token_signer_new(edge.keys[key].private_pem, edge.keys[key].kid, "auth", &signer,
				&err) == OK);
	ensure(token_sign(signer, &claims, edge.arena, &token, &err) == OK);
	token_signer_free(signer);
	return token;
}

struct result {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
	enum status status;
	struct rpc_subject subject;
	struct error err;
};

static void done(void *ctx, enum status s, const struct rpc_subject *subject,
		 const struct error *err)
{
	struct result *result = ctx;

	pthread_mutex_lock(&result->lock);
	result->status = s;
	if (s == OK)
		result->subject = *subject;
	else
		result->err = *err;
	result->done = true;
	pthread_cond_signal(&result->changed);
	pthread_mutex_unlock(&result->lock);
}

static enum status check(struct authn *authn, const char *token, struct result *result)
{
	*result = (struct result){.lock = PTHREAD_MUTEX_INITIALIZER,
				  .changed = PTHREAD_COND_INITIALIZER};
	authn_check(authn, token, strlen(token), done, result);
	pthread_mutex_lock(&result->lock);
	while (!result->done)
		pthread_cond_wait(&result->changed, &result->lock);
	pthread_mutex_unlock(&result->lock);
	return result->status;
}

static struct authn *authn_of(int32_t stale_ms, int32_t lost_ms)
{
	return authn_new(&(struct authn_options){
		.edge = channel,
		.audience = "limitless",
		.keys_refresh_ms = 3600000,
		.cache_entries = 64,
		.feed_stale_ms = stale_ms,
		.feed_lost_ms = lost_ms,
		.session_ended = session_ended,
	});
}

static bool until_trust(struct authn *authn, enum authn_trust wanted)
{
	int64_t end_us = clock_mono_us() + WAIT_US;

	while (authn_trust(authn) != wanted && clock_mono_us() < end_us)
		usleep(1000);
	return authn_trust(authn) == wanted;
}

static void a_good_token_names_user_and_session(void **state)
{
	struct authn *authn = authn_of(60000, 120000);
	char user[UUID_SIZE], session[UUID_SIZE];
	struct result result;
	const char *token;

	uuid_v7(user);
	uuid_v7(session);
	token = token_of(0, user, session, 900);
	for (int i = 0; i < 3;
	     i++) { /* the first waits for keys, the last is answered from the cache */
		assert_int_equal(check(authn, token, &result), OK);
		assert_string_equal(result.subject.user_id, user);
		assert_string_equal(result.subject.session_id, session);
		assert_false(result.subject.admin);
	}
	assert_true(authn_ready(authn));
	assert_int_equal(check(authn, "a.b.c", &result), UNAUTHENTICATED);
	assert_int_equal(check(authn, token_of(0, user, session, -100), &result), UNAUTHENTICATED);
	assert_string_equal(result.err.reason, "token_expired");
	assert_int_equal(check(authn, token_of(0, "somebody", session, 900), &result),
			 UNAUTHENTICATED);
	authn_free(authn);
}

static void a_new_key_is_fetched_when_it_is_first_seen(void **state)
{
	struct authn *authn;
	char user[UUID_SIZE], session[UUID_SIZE];
	struct result result;
	int before;

	edge.n_keys = 1;
	authn = authn_of(60000, 120000);
	uuid_v7(user);
	uuid_v7(session);
	assert_int_equal(check(authn, token_of(0, user, session, 900), &result), OK);
	before = atomic_load(&edge.lists);
	/* Keys are asked for at most each second, so a stranger's kid does not make the gateway ask
	 * again at once. */
	assert_int_equal(check(authn, token_of(1, user, session, 900), &result), UNAUTHENTICATED);
	assert_int_equal(atomic_load(&edge.lists), before);
	pthread_mutex_lock(&edge.lock);
	edge.n_keys = 2;
	pthread_mutex_unlock(&edge.lock);
	for (int64_t end_us = clock_mono_us() + WAIT_US;
	     check(authn, token_of(1, user, session, 900), &result) != OK &&
	     clock_mono_us() < end_us;)
		usleep(10000);
	assert_int_equal(result.status, OK);
	authn_free(authn);
}

static void an_ended_session_is_refused(void **state)
{
	struct authn *authn = authn_of(60000, 120000);
	char user[UUID_SIZE], session[UUID_SIZE], other[UUID_SIZE];
	int64_t end_us = clock_mono_us() + WAIT_US, before = atomic_load(&ended);
	struct result result;
	const char *token;

	uuid_v7(user);
	uuid_v7(session);
	uuid_v7(other);
	token = token_of(0, user, session, 900);
	assert_int_equal(check(authn, token, &result), OK);
	while (!say(session) && clock_mono_us() < end_us)
		usleep(1000);
	while (check(authn, token, &result) == OK && clock_mono_us() < end_us)
		usleep(1000);
	assert_int_equal(result.status, UNAUTHENTICATED);
	assert_string_equal(result.err.reason, "session_revoked");
	assert_int_equal(atomic_load(&ended), before + 1);
	assert_int_equal(check(authn, token_of(0, user, other, 900), &result), OK);
	authn_free(authn);
}

static void a_silent_feed_is_trusted_less_and_less(void **state)
{
	struct authn *authn = authn_of(100, 300);

	assert_true(until_trust(authn, AUTHN_STALE));
	assert_true(until_trust(authn, AUTHN_LOST));
	assert_false(authn_ready(authn));
	assert_true(say(NULL));
	assert_true(until_trust(authn, AUTHN_FRESH));
	authn_free(authn);
}

static int group_set_up(void **state)
{
	static struct rpc_server *server;
	const char *const listen[] = {URL, NULL};
	struct error err;

	edge.arena = arena_new(65536, 1 << 20);
	edge.n_keys = 2;
	edge.keys[0].kid = "first";
	edge.keys[1].kid = "second";
	for (size_t i = 0; i < 2; i++)
		ensure(token_key_generate(edge.arena, &edge.keys[i].private_pem,
					  &edge.keys[i].public_pem, &err) == OK);
	server = rpc_server_new(&(struct rpc_server_options){.listen = listen, .workers = 2});
	rpc_server_register(server, edge_v1_handlers, edge_v1_handlers_n);
	ensure(rpc_server_start(server, &err) == OK);
	channel = rpc_channel_open(&(struct rpc_channel_options){
		.target = URL, .service = "auth", .backoff_initial_ms = 50});
	*state = server;
	return 0;
}

static int group_tear_down(void **state)
{
	rpc_channel_close(channel);
	rpc_server_drain(*state);
	rpc_server_free(*state);
	arena_free(edge.arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_token_names_user_and_session),
		cmocka_unit_test(a_new_key_is_fetched_when_it_is_first_seen),
		cmocka_unit_test(an_ended_session_is_refused),
		cmocka_unit_test(a_silent_feed_is_trusted_less_and_less),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
