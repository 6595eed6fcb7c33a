/* API keys: the hash finds the owner, and a key that was taken away finds nobody. */
#include "auth/auth_test.h"

#include <string.h>

#define HASH_SQL "decode(repeat('07', 32), 'hex')"

static uint8_t hash[32];

static const char *set_up(struct rpc_call *call)
{
	const Auth__V1__Session *session = test_sign_up(call, "ada@example.com");

	memset(hash, 7, sizeof hash);
	return test_value(call,
			  arena_printf(call->arena,
				       "INSERT INTO api_key (id, account_id, hash, prefix, "
				       "name, scopes) VALUES (gen_random_uuid(), '%s', " HASH_SQL
				       ", 'lc-0707', 'mine', '{generate,read}') "
				       "RETURNING id",
				       session->user->id));
}

static enum status resolve(struct rpc_call *call, size_t len, Edge__V1__ResolveApiKeyResponse *resp)
{
	Edge__V1__ResolveApiKeyRequest req = EDGE__V1__RESOLVE_API_KEY_REQUEST__INIT;

	edge__v1__resolve_api_key_response__init(resp);
	req.key_sha256 = (ProtobufCBinaryData){len, hash};
	return edge_v1_resolve_api_key(test_call(call, NULL, NULL), &req, resp);
}

static void a_key_has_its_owner(void **state)
{
	struct rpc_call *call = *state;
	const char *id = set_up(call);
	Edge__V1__ResolveApiKeyResponse resp;

	assert_int_equal(resolve(call, 32, &resp), OK);
	assert_string_equal(resp.key_id, id);
	assert_string_equal(resp.user_id, test_value(call, "SELECT id FROM account"));
	assert_int_equal(resp.n_scopes, 2);
	assert_string_equal(resp.scopes[1], "read");
	assert_string_equal(resp.on_disconnect, "DEFAULT");
	assert_int_equal(resp.n_roles, 0);
}

static void its_use_is_noted_once_a_minute(void **state)
{
	struct rpc_call *call = *state;
	const char *first;
	Edge__V1__ResolveApiKeyResponse resp;

	set_up(call);
	assert_int_equal(resolve(call, 32, &resp), OK);
	first = test_value(call, "SELECT last_use_time FROM api_key");
	assert_string_not_equal(first, "");
	assert_int_equal(resolve(call, 32, &resp), OK);
	assert_string_equal(test_value(call, "SELECT last_use_time FROM api_key"), first);
	pg_clock_add("+2 minutes");
	assert_int_equal(resolve(call, 32, &resp), OK);
	assert_string_not_equal(test_value(call, "SELECT last_use_time FROM api_key"), first);
}

static void what_is_no_key_finds_nobody(void **state)
{
	struct rpc_call *call = *state;
	Edge__V1__ResolveApiKeyResponse resp;

	set_up(call);
	assert_int_equal(resolve(call, 31, &resp), INVALID_ARGUMENT);
	hash[31]++;
	assert_int_equal(resolve(call, 32, &resp), NOT_FOUND);
	assert_string_equal(resp.user_id, "");
}

static void a_revoked_key_finds_nobody(void **state)
{
	struct rpc_call *call = *state;
	Edge__V1__ResolveApiKeyResponse resp;

	set_up(call);
	test_value(call, "UPDATE api_key SET revoke_time = lc.now() RETURNING id");
	assert_int_equal(resolve(call, 32, &resp), NOT_FOUND);
}

static void the_key_of_a_disabled_account_finds_nobody(void **state)
{
	struct rpc_call *call = *state;
	Edge__V1__ResolveApiKeyResponse resp;

	set_up(call);
	test_value(call, "UPDATE account SET disabled_reason = 'spam' RETURNING id");
	assert_int_equal(resolve(call, 32, &resp), NOT_FOUND);
}

int api_key_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_has_its_owner),
		TEST(its_use_is_noted_once_a_minute),
		TEST(what_is_no_key_finds_nobody),
		TEST(a_revoked_key_finds_nobody),
		TEST(the_key_of_a_disabled_account_finds_nobody),
	};

	return cmocka_run_group_tests_name("API keys", tests, NULL, NULL);
}
