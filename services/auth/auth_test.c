#include "auth/auth_test.h"

#include "sql/auth.h"

#include <string.h>

#define MINUTE_MS 60000LL
#define DAY_MS (24 * 60 * MINUTE_MS)

static const char *const admin_emails[] = {"Root@example.com", NULL};

/* The defaults, but for a hash that costs next to nothing. */
struct auth_conf test_conf = {
	.access_ttl_ms = 15 * MINUTE_MS,
	.refresh_ttl_ms = 30 * DAY_MS,
	.session_ttl_ms = 180 * DAY_MS,
	.refresh_retry_ms = 10000,
	.purge_after_ms = 30 * DAY_MS,
	.hash_memory_bytes = 1 << 20,
	.hash_passes = 1,
	.hash_concurrency = 4,
	.hash_queue = 64,
	.hash_queue_per_address = 16,
	.hash_nice = 10,
	.admin_emails = admin_emails,
	.seal_key = "0123456789abcdef0123456789abcdef",
	.seal_key_previous = "",
	.key_sign_ms = 30 * DAY_MS,
	.key_publish_ms = 60 * MINUTE_MS,
	.key_poll_ms = 30000,
	.revocation_poll_ms = 1000,
};

struct auth test_auth = {.conf = &test_conf, .keyring = KEYRING_INIT};

struct keyring_options test_keyring_options(void)
{
	return (struct keyring_options){
		.seal_key = test_conf.seal_key,
		.seal_key_previous = test_conf.seal_key_previous,
		.sign_ms = test_conf.key_sign_ms,
		.publish_ms = test_conf.key_publish_ms,
		.token_reach_ms = auth_token_reach_ms(&test_conf),
	};
}

static void start(void)
{
	const struct password_options passwords = {
		.memory_bytes = test_conf.hash_memory_bytes,
		.passes = test_conf.hash_passes,
	};
	struct keyring_options keys;
	struct error err;
	struct db *db;

	pg_start();
	pg_migrate("auth");
	keys = test_keyring_options();
	db = pg_db("auth_app", sql_auth_all);
	if (password_start(&test_auth.passwords, &passwords, &err) != OK ||
	    keyring_start(&test_auth.keyring, &keys, db, &err) != OK) {
		print_error("%s\n", err.message);
		exit(1);
	}
	db_free(db);
}

struct rpc_call *test_auth_call(struct db *db)
{
	struct rpc_call *call = test_call_new(db, NULL, NULL);

	call->state = &test_auth;
	return call;
}

int test_begin(void **state)
{
	struct db *db = pg_db("auth_app", sql_auth_all);
	struct error err;

	*state = test_auth_call(db);
	if (db_test_begin(db, &err) == OK)
		return 0;
	print_error("%s\n", err.message);
	return -1;
}

int test_end(void **state)
{
	struct rpc_call *call = *state;
	struct db *db = service_db(call);

	db_test_rollback(db);
	db_free(db);
	test_call_free(call);
	pg_clock_reset();
	return 0;
}

struct rpc_call *test_call(struct rpc_call *old, const char *user_id, const char *session_id)
{
	memset(&old->err, 0, sizeof(old->err));
	memset(&old->ctx.subject, 0, sizeof(old->ctx.subject));
	if (user_id)
		memcpy(old->ctx.subject.user_id, user_id, UUID_SIZE);
	if (session_id)
		memcpy(old->ctx.subject.session_id, session_id, UUID_SIZE);
	return old;
}

static Auth__V1__Session *new_session(struct rpc_call *call)
{
	Auth__V1__Session *session = arena_alloc(call->arena, sizeof(*session));

	auth__v1__session__init(session);
	return session;
}

Auth__V1__Session *test_sign_up(struct rpc_call *call, const char *email)
{
	Auth__V1__SignUpRequest req = AUTH__V1__SIGN_UP_REQUEST__INIT;
	Auth__V1__Session *resp = new_session(call);

	req.email = (char *)email;
	req.password = (char *)TEST_PASSWORD;
	req.token_delivery = AUTH__V1__SESSION__DELIVERY__BODY;
	if (auth_v1_sign_up(test_call(call, NULL, NULL), &req, resp) != OK)
		fail_msg("sign-up of %s: %s", email, call->err.message);
	return resp;
}

Auth__V1__Session *test_log_in(struct rpc_call *call, const char *email)
{
	Auth__V1__LogInRequest req = AUTH__V1__LOG_IN_REQUEST__INIT;
	Auth__V1__Session *resp = new_session(call);

	req.email = (char *)email;
	req.password = (char *)TEST_PASSWORD;
	req.token_delivery = AUTH__V1__SESSION__DELIVERY__BODY;
	if (auth_v1_log_in(test_call(call, NULL, NULL), &req, resp) != OK)
		fail_msg("log-in of %s: %s", email, call->err.message);
	return resp;
}

enum status test_refresh(struct rpc_call *call, const char *token, Auth__V1__Session *resp)
{
	Auth__V1__RefreshRequest req = AUTH__V1__REFRESH_REQUEST__INIT;

	auth__v1__session__init(resp);
	req.refresh_token = (char *)token;
	return auth_v1_refresh(test_call(call, NULL, NULL), &req, resp);
}

struct token_claims test_claims(struct rpc_call *call, const char *access_token)
{
	struct token_verifier *verifier = token_verifier_new();
	struct token_key keys[8];
	struct token_claims claims;
	struct error err;
	size_t n;
	const struct keyring_key *ring = keyring_list(&test_auth.keyring, call->arena, &n);

	assert_in_range(n, 1, ARRAY_SIZE(keys));
	for (size_t i = 0; i < n; i++)
		keys[i] = (struct token_key){ring[i].kid, ring[i].public_pem, NULL};
	assert_int_equal(token_verifier_set(verifier, keys, n, &err), OK);
	if (token_verify(verifier, access_token, strlen(access_token), TOKEN_ACCESS, "limitless",
			 &claims, &err) != OK)
		fail_msg("%s", err.message);
	token_verifier_free(verifier);
	return claims;
}

/* A connection keeps statements by name, so each has a new name. It lives in the arena. */
const char *test_value(struct rpc_call *call, const char *text)
{
	static int n;
	struct sql *sql = arena_zalloc(call->arena, sizeof(*sql));
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct error err;

	sql->name = arena_printf(call->arena, "test_value_%d", n++);
	sql->text = arena_strdup(call->arena, text);
	if (db_query(service_db(call), sql, NULL, &rows, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	return PQntuples(rows) ? arena_strdup(call->arena, PQgetvalue(rows, 0, 0)) : "";
}

int main(void)
{
	int failed;

	start();
	failed = account_tests() + session_tests() + refresh_tests() + password_tests() +
		 keyring_tests() + feed_tests() + flood_tests() + api_key_tests();
	keyring_stop(&test_auth.keyring);
	return failed ? 1 : 0;
}
