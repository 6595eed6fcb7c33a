/* LogOut and what sessions leave behind. */
#include "auth/auth_test.h"

#include <string.h>

static enum status log_out(struct rpc_call *call, const char *access_token, bool everywhere)
{
	Auth__V1__LogOutRequest req = AUTH__V1__LOG_OUT_REQUEST__INIT;
	Google__Protobuf__Empty resp = GOOGLE__PROTOBUF__EMPTY__INIT;
	struct token_claims claims = test_claims(call, access_token);

	req.everywhere = everywhere;
	return auth_v1_log_out(test_call(call, claims.subject, claims.session_id), &req, &resp);
}

static bool is_open(struct rpc_call *call, const Auth__V1__Session *session)
{
	Auth__V1__Session resp;

	return test_refresh(call, session->refresh_token, &resp) == OK;
}

static const char *count(struct rpc_call *call, const char *of)
{
	return test_value(call, arena_printf(call->arena, "SELECT count(*) FROM %s", of));
}

static void log_out_ends_this_session_alone(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *one = test_sign_up(call, "ada@example.com");
	Auth__V1__Session *two = test_log_in(call, "ada@example.com");
	Auth__V1__Session *bob = test_sign_up(call, "bob@example.com");

	assert_int_equal(log_out(call, one->access_token, false), OK);
	assert_false(is_open(call, one));
	assert_true(is_open(call, two));
	assert_true(is_open(call, bob));
	assert_string_equal(
		test_value(call, "SELECT end_reason FROM session WHERE end_time IS NOT NULL"),
		"logout");
	assert_int_equal(log_out(call, one->access_token, false), OK); /* twice is once */
	assert_string_equal(count(call, "revocation"), "1");
}

static void log_out_everywhere_ends_all_of_the_user(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *one = test_sign_up(call, "ada@example.com");
	Auth__V1__Session *two = test_log_in(call, "ada@example.com");
	Auth__V1__Session *bob = test_sign_up(call, "bob@example.com");

	assert_int_equal(log_out(call, two->access_token, true), OK);
	assert_false(is_open(call, one));
	assert_false(is_open(call, two));
	assert_true(is_open(call, bob));
	assert_string_equal(count(call, "revocation"), "2");
}

/* Another user's session id in the token of this one ends nothing. */
static void log_out_ends_only_own_sessions(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__LogOutRequest req = AUTH__V1__LOG_OUT_REQUEST__INIT;
	Google__Protobuf__Empty resp = GOOGLE__PROTOBUF__EMPTY__INIT;
	Auth__V1__Session *ada = test_sign_up(call, "ada@example.com");
	Auth__V1__Session *bob = test_sign_up(call, "bob@example.com");
	struct token_claims claims = test_claims(call, bob->access_token);

	assert_int_equal(
		auth_v1_log_out(test_call(call, ada->user->id, claims.session_id), &req, &resp),
		OK);
	assert_true(is_open(call, bob));
	assert_string_equal(count(call, "revocation"), "0");
}

static void revocations_are_numbered_without_a_gap(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *ada = test_sign_up(call, "ada@example.com");
	Auth__V1__Session *bob = test_sign_up(call, "bob@example.com");
	const char *first = test_value(call, "SELECT sequence + 1 FROM revocation_head");

	for (int i = 0; i < 3; i++)
		test_log_in(call, "ada@example.com");
	assert_int_equal(log_out(call, bob->access_token, false), OK);
	assert_int_equal(log_out(call, ada->access_token, true), OK);
	assert_string_equal(count(call, "revocation"), "5");
	assert_string_equal(test_value(call, "SELECT min(sequence) FROM revocation"), first);
	assert_string_equal(
		test_value(call, "SELECT max(sequence) - min(sequence) FROM revocation"), "4");
	assert_string_equal(test_value(call,
				       "SELECT sequence - (SELECT max(sequence) FROM revocation)"
				       " FROM revocation_head"),
			    "0");
	/* They stay until the last access token of the session has expired, leeway and all. */
	assert_string_equal(test_value(call,
				       "SELECT min(forget_time) > lc.now() + interval '15 min 30 s'"
				       " FROM revocation"),
			    "t");
}

static void purge(struct rpc_call *call)
{
	struct error err;

	if (auth_purge(service_db(call), &test_auth, &err) != OK)
		fail_msg("%s", err.message);
}

static void purging_keeps_what_is_needed(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *one = test_sign_up(call, "ada@example.com");
	Auth__V1__Session *two = test_log_in(call, "ada@example.com");
	Auth__V1__Session resp;

	assert_int_equal(test_refresh(call, two->refresh_token, &resp), OK);
	assert_int_equal(log_out(call, one->access_token, false), OK);
	purge(call);
	assert_string_equal(count(call, "session"), "2");
	assert_string_equal(count(call, "refresh_token"), "3");
	assert_string_equal(count(call, "revocation"), "1");
	assert_string_equal(count(call, "refresh_token WHERE successor_sealed IS NOT NULL"), "1");

	pg_clock_add("+20 minutes"); /* the revoked access token is over, and the retry window */
	purge(call);
	assert_string_equal(count(call, "revocation"), "0");
	assert_string_equal(count(call, "refresh_token WHERE successor_sealed IS NOT NULL"), "0");
	assert_string_equal(count(call, "refresh_token"), "3");

	pg_clock_add("+31 days"); /* the ended session, and tokens that nobody used */
	purge(call);
	assert_string_equal(count(call, "session"), "1");
	assert_string_equal(count(call, "refresh_token"), "0");
	assert_string_equal(count(call, "session WHERE end_time IS NULL"), "1");

	pg_clock_add("+200 days");
	purge(call);
	assert_string_equal(count(call, "session"), "0");
	assert_string_equal(count(call, "account"), "1");
}

int session_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(log_out_ends_this_session_alone),
		TEST(log_out_everywhere_ends_all_of_the_user),
		TEST(log_out_ends_only_own_sessions),
		TEST(revocations_are_numbered_without_a_gap),
		TEST(purging_keeps_what_is_needed),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
