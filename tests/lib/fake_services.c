#include "tests/lib/fake_services.h"

#include "auth/v1/rpc.h"
#include "chat/v1/rpc.h"
#include "credits/v1/rpc.h"
#include "edge/v1/rpc.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/token/token.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fake fake = {.mutex = PTHREAD_MUTEX_INITIALIZER};

#define LONG_BYTES 100000

static struct rpc_server *server;
static struct arena *arena;
static char *private_pem, *public_pem;

static void note(const struct rpc_call *call, const char *text)
{
	pthread_mutex_lock(&fake.mutex);
	fake.context = call->ctx;
	snprintf(fake.seen, sizeof fake.seen, "%s", text);
	pthread_mutex_unlock(&fake.mutex);
	atomic_fetch_add(&fake.calls, 1);
}

/* A text for long answers. */
static char *long_text(struct rpc_call *call)
{
	char *text = arena_alloc(call->arena, LONG_BYTES + 1);

	for (int i = 0; i < LONG_BYTES; i++)
		text[i] = (char)('a' + i * 7 % 26);
	text[LONG_BYTES] = '\0';
	return text;
}

/* ------------------------------------------------------------------ edge */

static enum status list_keys(struct rpc_call *call, const ProtobufCMessage *req,
			     ProtobufCMessage *resp)
{
	Edge__V1__ListKeysResponse *answer = (Edge__V1__ListKeysResponse *)resp;
	Edge__V1__VerificationKey *key = arena_alloc(call->arena, sizeof *key);

	edge__v1__verification_key__init(key);
	key->kid = (char *)"test";
	key->algorithm = (char *)"ES256";
	key->public_key_pem = public_pem;
	answer->keys = arena_array(call->arena, 1, sizeof *answer->keys);
	answer->keys[0] = key;
	answer->n_keys = 1;
	return OK;
}

static void feed_gone(struct rpc_call *call, void *ctx)
{
	pthread_mutex_lock(&fake.mutex);
	fake.feed = NULL;
	pthread_mutex_unlock(&fake.mutex);
	rpc_finish(call, CANCELLED, NULL);
}

static enum status watch_revocations(struct rpc_call *call, const ProtobufCMessage *req,
				     ProtobufCMessage *resp)
{
	static const struct rpc_stream_hooks hooks = {.on_cancel = feed_gone};

	rpc_stream_hooks_set(call, &hooks, NULL);
	pthread_mutex_lock(&fake.mutex);
	fake.feed = call;
	pthread_mutex_unlock(&fake.mutex);
	return RPC_LATER;
}

bool fake_revoke(const char *session)
{
	Edge__V1__RevocationEvent event = EDGE__V1__REVOCATION_EVENT__INIT;
	Edge__V1__RevokedSession revoked = EDGE__V1__REVOKED_SESSION__INIT;
	Edge__V1__Heartbeat heartbeat = EDGE__V1__HEARTBEAT__INIT;
	Google__Protobuf__Timestamp forget = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	bool sent;

	forget.seconds = clock_wall_us() / US_PER_S + 900;
	revoked.session_id = (char *)session;
	revoked.forget_time = &forget;
	event.event_case = session ? EDGE__V1__REVOCATION_EVENT__EVENT_SESSION
				   : EDGE__V1__REVOCATION_EVENT__EVENT_HEARTBEAT;
	if (session)
		event.session = &revoked;
	else
		event.heartbeat = &heartbeat;
	pthread_mutex_lock(&fake.mutex);
	event.sequence = session ? ++fake.sequence : fake.sequence;
	sent = fake.feed && rpc_stream_send(fake.feed, &event.base) == OK;
	pthread_mutex_unlock(&fake.mutex);
	return sent;
}

/* ------------------------------------------------------------------ auth */

static enum status log_in(struct rpc_call *call, const ProtobufCMessage *req,
			  ProtobufCMessage *resp)
{
	const Auth__V1__LogInRequest *ask = (const Auth__V1__LogInRequest *)req;
	Auth__V1__Session *session = (Auth__V1__Session *)resp;

	note(call, ask->email);
	if (strcmp(ask->password, "right") != 0)
		return rpc_fail(call, UNAUTHENTICATED, "credentials_wrong", "they do not match");
	session->access_token = strcmp(ask->email, "long") ? (char *)"token" : long_text(call);
	session->access_cookie = (char *)"a.b.c";
	session->refresh_cookie = (char *)"refresh";
	session->expires_at = arena_alloc(call->arena, sizeof *session->expires_at);
	google__protobuf__timestamp__init(session->expires_at);
	session->expires_at->seconds = clock_wall_us() / US_PER_S + 900;
	return OK;
}

static enum status refresh(struct rpc_call *call, const ProtobufCMessage *req,
			   ProtobufCMessage *resp)
{
	note(call, ((const Auth__V1__RefreshRequest *)req)->refresh_cookie);
	return rpc_fail(call, UNAUTHENTICATED, "refresh_invalid", "it is not known");
}

static enum status log_out(struct rpc_call *call, const ProtobufCMessage *req,
			   ProtobufCMessage *resp)
{
	note(call, "log out");
	return OK;
}

/* ------------------------------------------------------------------ credits, chat */

static enum status get_balance(struct rpc_call *call, const ProtobufCMessage *req,
			       ProtobufCMessage *resp)
{
	Credits__V1__Balance *balance = (Credits__V1__Balance *)resp;

	note(call, "balance");
	balance->available_microcredits = 9007199254740993;
	balance->billing_type = CREDITS__V1__BILLING_TYPE__PREPAID;
	return OK;
}

static enum status get_user_balance(struct rpc_call *call, const ProtobufCMessage *req,
				    ProtobufCMessage *resp)
{
	note(call, "user balance");
	return rpc_fail(call, INTERNAL, "internal_error", "secret of the inside");
}

static enum status list_chats(struct rpc_call *call, const ProtobufCMessage *req,
			      ProtobufCMessage *resp)
{
	const Chat__V1__ListChatsRequest *ask = (const Chat__V1__ListChatsRequest *)req;

	if (strcmp(ask->page_token, "long") == 0)
		((Chat__V1__ListChatsResponse *)resp)->next_page_token = long_text(call);
	note(call,
	     arena_printf(call->arena, "%d %s %d", ask->page_size, ask->page_token, ask->archived));
	return strcmp(ask->page_token, "foreign") == 0
		       ? rpc_fail_field(call, "page_token_mismatch", "page_token", "is another's")
		       : OK;
}

static enum status update_chat(struct rpc_call *call, const ProtobufCMessage *req,
			       ProtobufCMessage *resp)
{
	const Chat__V1__UpdateChatRequest *ask = (const Chat__V1__UpdateChatRequest *)req;
	const char *text = arena_printf(call->arena, "%s %s", ask->chat, ask->title);

	for (size_t i = 0; ask->update_mask && i < ask->update_mask->n_paths; i++)
		text = arena_printf(call->arena, "%s +%s", text, ask->update_mask->paths[i]);
	note(call, text);
	return OK;
}

static enum status start_generation(struct rpc_call *call, const ProtobufCMessage *req,
				    ProtobufCMessage *resp)
{
	note(call, "start");
	((Chat__V1__Generation *)resp)->state = CHAT__V1__GENERATION__STATE__RUNNING;
	return OK;
}

static void stream_gone(struct rpc_call *call, void *ctx)
{
	atomic_fetch_add(&fake.cancelled, 1);
	rpc_finish(call, CANCELLED, NULL);
}

/* Leaves the call for the test. */
static enum status leave(struct rpc_call *call)
{
	static const struct rpc_stream_hooks hooks = {.on_cancel = stream_gone};

	rpc_stream_hooks_set(call, &hooks, NULL);
	pthread_mutex_lock(&fake.mutex);
	fake.stream = call;
	pthread_mutex_unlock(&fake.mutex);
	return RPC_LATER;
}

static enum status generate(struct rpc_call *call, const ProtobufCMessage *req,
			    ProtobufCMessage *resp)
{
	const Chat__V1__GenerateRequest *ask = (const Chat__V1__GenerateRequest *)req;

	note(call, ask->text);
	if (strcmp(ask->text, "poor") == 0)
		return rpc_fail(call, FAILED_PRECONDITION, "insufficient_credits", "too little");
	return leave(call);
}

static enum status watch_generation(struct rpc_call *call, const ProtobufCMessage *req,
				    ProtobufCMessage *resp)
{
	const Chat__V1__WatchGenerationRequest *ask = (const Chat__V1__WatchGenerationRequest *)req;

	note(call, arena_printf(call->arena, "after %s", ask->cursor));
	if (strcmp(ask->cursor, "end") != 0)
		return leave(call);
	rpc_finish(call, OK, NULL);
	return RPC_LATER;
}

struct rpc_call *fake_stream_wait(void)
{
	int64_t until_us = clock_mono_us() + 5 * US_PER_S;
	struct rpc_call *call = NULL;

	while (!call && clock_mono_us() < until_us) {
		pthread_mutex_lock(&fake.mutex);
		call = TAKE_PTR(fake.stream);
		pthread_mutex_unlock(&fake.mutex);
		usleep(1000);
	}
	ensure(call);
	return call;
}

enum status fake_delta(struct rpc_call *call, const char *cursor, const char *text)
{
	Chat__V1__GenerationEvent event = CHAT__V1__GENERATION_EVENT__INIT;
	Chat__V1__Delta delta = CHAT__V1__DELTA__INIT;

	delta.text = (char *)text;
	event.cursor = (char *)cursor;
	event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_DELTA;
	event.delta = &delta;
	return rpc_stream_send(call, &event.base);
}

/* ------------------------------------------------------------------ the API of programs */

/* {"fail": …} fails at once; else the test writes the answer. */
static enum status create(struct rpc_call *call, const ProtobufCMessage *req,
			  ProtobufCMessage *resp)
{
	const Chat__V1__ApiRequest *ask = (const Chat__V1__ApiRequest *)req;
	const char *fail = "{\"fail\":";
	size_t len = ask->body->data.len;

	note(call, arena_printf(call->arena, "%s|%zu|%s|%s|%s|%s", ask->body->content_type, len,
				ask->retry_count, ask->on_disconnect, call->ctx.subject.api_key_id,
				call->ctx.subject.on_disconnect));
	if (len > strlen(fail) && memcmp(ask->body->data.data, fail, strlen(fail)) == 0)
		return rpc_fail_field(call, "parameter_unsupported", "messages[0].role",
				      "it cannot be done");
	return leave(call);
}

enum status fake_piece(struct rpc_call *call, const char *content_type, const char *data,
		       size_t len)
{
	Google__Api__HttpBody piece = GOOGLE__API__HTTP_BODY__INIT;

	piece.content_type = (char *)content_type;
	piece.data = (ProtobufCBinaryData){len, (uint8_t *)data};
	return rpc_stream_send(call, &piece.base);
}

/* ------------------------------------------------------------------ the server */

static bool is_key(const Edge__V1__ResolveApiKeyRequest *req, const char *key)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)key, strlen(key), hash);
	return req->key_sha256.len == sizeof hash &&
	       memcmp(req->key_sha256.data, hash, sizeof hash) == 0;
}

static enum status resolve_api_key(struct rpc_call *call, const ProtobufCMessage *req,
				   ProtobufCMessage *resp)
{
	Edge__V1__ResolveApiKeyResponse *answer = (Edge__V1__ResolveApiKeyResponse *)resp;
	bool reader = is_key((const void *)req, "lc-reader");

	fake.resolves++;
	if (fake.keys_revoked || (!reader && !is_key((const void *)req, "lc-all")))
		return rpc_fail(call, NOT_FOUND, "not_found", "there is no such key");
	answer->user_id = arena_strdup(call->arena, FAKE_USER);
	answer->key_id = arena_strdup(call->arena, FAKE_KEY);
	answer->on_disconnect = arena_strdup(call->arena, "CANCEL");
	if (!reader)
		return OK;
	answer->scopes = arena_array(call->arena, 1, sizeof *answer->scopes);
	answer->scopes[0] = arena_strdup(call->arena, "read");
	answer->n_scopes = 1;
	return OK;
}

static const struct rpc_handler handlers[] = {
	{&edge_v1_resolve_api_key_method, resolve_api_key},
	{&edge_v1_list_keys_method, list_keys},
	{&edge_v1_watch_revocations_method, watch_revocations},
	{&auth_v1_log_in_method, log_in},
	{&auth_v1_refresh_method, refresh},
	{&auth_v1_log_out_method, log_out},
	{&credits_v1_get_balance_method, get_balance},
	{&credits_v1_get_user_balance_method, get_user_balance},
	{&chat_v1_list_chats_method, list_chats},
	{&chat_v1_update_chat_method, update_chat},
	{&chat_v1_start_generation_method, start_generation},
	{&chat_v1_generate_method, generate},
	{&chat_v1_watch_generation_method, watch_generation},
	{&chat_v1_create_chat_completion_method, create},
	{&chat_v1_create_message_method, create},
};

void fake_start(void)
{
	const char *const listen[] = {fake.url, NULL};
	struct error err;

	snprintf(fake.url, sizeof fake.url, "ipc:///tmp/gateway-test-%d.sock", getpid());
	arena = arena_new(65536, 1 << 20);
	ensure(token_key_generate(arena, &private_pem, &public_pem, &err) == OK);
	server = rpc_server_new(&(struct rpc_server_options){
		.listen = listen, .workers = 4, .message_bytes_max = 33 << 20});
	rpc_server_register(server, handlers, ARRAY_SIZE(handlers));
	ensure(rpc_server_start(server, &err) == OK);
}

void fake_stop(void)
{
	char path[sizeof fake.url + 8];

	rpc_server_drain(server);
	rpc_server_free(server);
	arena_free(arena);
	snprintf(path, sizeof path, "%.63s.lock", fake.url + strlen("ipc://"));
	unlink(path);
}

const char *fake_token(const char *user, const char *session, bool admin, int64_t life_seconds)
{
	struct token_claims claims = {
		.audience = "limitless", .type = TOKEN_ACCESS, .admin = admin};
	struct token_signer *signer;
	struct error err;
	char *token;

	snprintf(claims.subject, sizeof claims.subject, "%s", user);
	snprintf(claims.session_id, sizeof claims.session_id, "%s", session);
	claims.expires_at = clock_wall_us() / US_PER_S + life_seconds;
	ensure(token_signer_new(private_pem, "test", "auth", &signer, &err) == OK);
	ensure(token_sign(signer, &claims, arena, &token, &err) == OK);
	token_signer_free(signer);
	return token;
}
