/* Signing keys: one first key however many replicas start, rotation that no verifier notices,
 * private keys sealed. Keys are committed here, so each case begins by forgetting them. */
#include "auth/auth_test.h"
#include "runtime/base/clock.h"
#include "sql/auth.h"

#include <string.h>
#include <sys/wait.h>

static struct db *db;

static int begin(void **state)
{
	pg_exec("DELETE FROM auth.signing_key");
	db = pg_db("auth_app", sql_auth_all);
	return 0;
}

/* The other files' tests go on with a key of their own. */
static int end(void **state)
{
	struct keyring_options options = test_keyring_options();
	struct error err;

	pg_clock_reset();
	pg_exec("DELETE FROM auth.signing_key");
	assert_int_equal(keyring_start(&test_auth.keyring, &options, db, &err), OK);
	db_free(db);
	return 0;
}

static void start_keyring(void)
{
	struct keyring_options options = test_keyring_options();
	struct error err;

	if (keyring_start(&test_auth.keyring, &options, db, &err) != OK)
		fail_msg("%s", err.message);
}

static void rotate(void)
{
	struct error err;

	if (keyring_rotate(db, &test_auth.keyring, &err) != OK ||
	    keyring_load(&test_auth.keyring, db, &err) != OK)
		fail_msg("%s", err.message);
}

/* kid that signs now. */
static void signing_kid(char out[TOKEN_KID_SIZE])
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	const struct token_claims claims = {
		.subject = "u",
		.audience = "limitless",
		.type = TOKEN_ACCESS,
		.expires_at = clock_wall_us() / US_PER_S + 900,
	};
	struct error err;
	char *token;

	assert_int_equal(keyring_sign(&test_auth.keyring, &claims, arena, &token, &err), OK);
	assert_true(token_peek_kid(token, strlen(token), out));
}

static bool is_published(const char *kid)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	size_t n;
	const struct keyring_key *keys = keyring_list(&test_auth.keyring, arena, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].kid, kid) == 0)
			return true;
	return false;
}

static size_t published(void)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	size_t n;

	keyring_list(&test_auth.keyring, arena, &n);
	return n;
}

static void racing_replicas_make_one_first_key(void **state)
{
	pid_t replicas[8];

	for (size_t i = 0; i < ARRAY_SIZE(replicas); i++) {
		replicas[i] = fork();
		if (replicas[i] == 0) {
			struct keyring_options options = test_keyring_options();
			struct error err;

			_exit(keyring_start(&test_auth.keyring, &options,
					    pg_db("auth_app", sql_auth_all), &err) == OK
				      ? 0
				      : 1);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(replicas); i++) {
		int status;

		assert_int_equal(waitpid(replicas[i], &status, 0), replicas[i]);
		assert_int_equal(status, 0);
	}
	assert_string_equal(pg_value("SELECT count(*) FROM auth.signing_key"), "1");
	start_keyring();
	assert_int_equal(published(), 1);
}

static void a_key_is_published_before_it_signs(void **state)
{
	char first[TOKEN_KID_SIZE], second[TOKEN_KID_SIZE];

	start_keyring();
	signing_kid(first);
	pg_clock_add("+29 days");
	rotate();
	assert_int_equal(published(), 1); /* not due yet */
	pg_clock_add("+23 hours 30 minutes");
	rotate();
	rotate();
	assert_int_equal(published(), 2);
	signing_kid(second);
	assert_string_equal(second, first);
	pg_clock_add("+1 hour");
	rotate();
	signing_kid(second);
	assert_string_not_equal(second, first);
	assert_true(is_published(first)); /* its last tokens still live */
	pg_clock_add("+15 minutes");
	rotate();
	assert_true(is_published(first));
	pg_clock_add("+10 minutes");
	rotate();
	assert_false(is_published(first));
	assert_string_equal(pg_value("SELECT count(*) FROM auth.signing_key"), "1");
}

/* Half a year, in steps of 5 minutes around each change: whatever was signed in the last 15
 * minutes, a token's life, verifies. */
static void every_token_finds_its_key(void **state)
{
	enum { CHANGES = 6, STEPS = 40, LIVES = 3 };
	char kids[LIVES + 1][TOKEN_KID_SIZE] = {0}; /* of the last steps, the newest first */
	int changes = 0;

	start_keyring();
	signing_kid(kids[0]);
	for (int i = 0; i < CHANGES * STEPS; i++) {
		pg_clock_add(i % STEPS == 0 ? "+29 days 21 hours" : "+5 minutes");
		rotate();
		memmove(kids[1], kids[0], sizeof(kids) - sizeof(kids[0]));
		signing_kid(kids[0]);
		changes += strcmp(kids[0], kids[1]) != 0;
		for (int k = 0; k <= LIVES && k <= i % STEPS; k++)
			assert_true(is_published(kids[k]));
	}
	assert_int_equal(changes, CHANGES);
}

static void private_keys_are_sealed(void **state)
{
	start_keyring();
	assert_string_equal(
		pg_value("SELECT position('PRIVATE KEY' in encode(private_sealed, 'escape')) FROM "
			 "auth.signing_key"),
		"0");
	assert_string_equal(pg_value("SELECT public_pem LIKE '%PUBLIC KEY%' FROM auth.signing_key"),
			    "t");
}

static void another_seal_key_needs_the_previous_one(void **state)
{
	struct keyring_options options = test_keyring_options();
	char before[TOKEN_KID_SIZE], after[TOKEN_KID_SIZE];
	struct error err;

	start_keyring();
	signing_kid(before);
	options.seal_key = "another secret of 32 characters.";
	assert_int_equal(keyring_start(&test_auth.keyring, &options, db, &err),
			 FAILED_PRECONDITION);
	signing_kid(after); /* the old ring stays */
	assert_string_equal(after, before);

	options.seal_key_previous = test_conf.seal_key;
	assert_int_equal(keyring_start(&test_auth.keyring, &options, db, &err), OK);
	options.seal_key_previous = ""; /* everything is sealed anew */
	assert_int_equal(keyring_start(&test_auth.keyring, &options, db, &err), OK);
	signing_kid(after);
	assert_string_equal(after, before);
}

static void a_short_seal_key_ends_the_start(void **state)
{
	static const char *const shorts[] = {"", "x", "31 bytes of a secret are too few"};
	struct keyring_options options = test_keyring_options();
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(shorts); i++) {
		char cut[32];

		snprintf(cut, sizeof(cut), "%s", shorts[i]);
		options.seal_key = cut;
		assert_int_equal(keyring_start(&test_auth.keyring, &options, db, &err),
				 INVALID_ARGUMENT);
		assert_non_null(strstr(err.message, "seal_key: has "));
	}
}

static void a_changed_row_does_not_open(void **state)
{
	struct keyring_options options = test_keyring_options();
	struct error err;

	start_keyring();
	pg_exec("UPDATE auth.signing_key SET private_sealed = set_byte(private_sealed, 40, "
		"get_byte(private_sealed, 40) # 1)");
	assert_int_equal(keyring_start(&test_auth.keyring, &options, db, &err), DATA_LOSS);
}

static void both_lists_name_the_keys(void **state)
{
	struct rpc_call *call = test_auth_call(db);
	Google__Protobuf__Empty req = GOOGLE__PROTOBUF__EMPTY__INIT;
	Auth__V1__Jwks jwks = AUTH__V1__JWKS__INIT;
	Edge__V1__ListKeysResponse list = EDGE__V1__LIST_KEYS_RESPONSE__INIT;
	char kid[TOKEN_KID_SIZE];

	start_keyring();
	pg_clock_add("+30 days");
	rotate();
	signing_kid(kid);
	assert_int_equal(auth_v1_get_jwks(call, &req, &jwks), OK);
	assert_int_equal(edge_v1_list_keys(call, &req, &list), OK);
	assert_int_equal(jwks.n_keys, 2);
	assert_int_equal(list.n_keys, 2);
	assert_string_equal(jwks.keys[1]->kid, kid); /* the newest first: it does not sign yet */
	for (size_t i = 0; i < 2; i++) {
		char *x, *y;

		assert_string_equal(jwks.keys[i]->kid, list.keys[i]->kid);
		assert_string_equal(jwks.keys[i]->kty, "EC");
		assert_string_equal(jwks.keys[i]->crv, "P-256");
		assert_string_equal(jwks.keys[i]->alg, "ES256");
		assert_string_equal(jwks.keys[i]->use, "sig");
		assert_string_equal(list.keys[i]->algorithm, "ES256");
		assert_int_equal(token_key_coordinates(list.keys[i]->public_key_pem, call->arena,
						       &x, &y, &call->err),
				 OK);
		assert_string_equal(jwks.keys[i]->x, x);
		assert_string_equal(jwks.keys[i]->y, y);
	}
	test_call_free(call);
}

int keyring_tests(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(racing_replicas_make_one_first_key),
		CASE(a_key_is_published_before_it_signs),
		CASE(every_token_finds_its_key),
		CASE(private_keys_are_sealed),
		CASE(another_seal_key_needs_the_previous_one),
		CASE(a_short_seal_key_ends_the_start),
		CASE(a_changed_row_does_not_open),
		CASE(both_lists_name_the_keys),
	};

	return cmocka_run_group_tests_name("signing keys", tests, NULL, NULL);
}
