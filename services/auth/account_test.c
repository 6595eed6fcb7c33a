/* SignUp, LogIn, GetMe. */
#include "auth/auth_test.h"
#include "auth/password.h"

#include <string.h>

static enum status sign_up(struct rpc_call *call, const char *email, const char *password,
			   const char *name, Auth__V1__Session *resp)
{
	Auth__V1__SignUpRequest req = AUTH__V1__SIGN_UP_REQUEST__INIT;

	auth__v1__session__init(resp);
	req.email = (char *)email;
	req.password = (char *)password;
	req.display_name = (char *)name;
	return auth_v1_sign_up(test_call(call, NULL, NULL), &req, resp);
}

static enum status log_in(struct rpc_call *call, const char *email, const char *password,
			  Auth__V1__Session *resp)
{
	Auth__V1__LogInRequest req = AUTH__V1__LOG_IN_REQUEST__INIT;

	auth__v1__session__init(resp);
	req.email = (char *)email;
	req.password = (char *)password;
	return auth_v1_log_in(test_call(call, NULL, NULL), &req, resp);
}

static void sign_up_answers_with_a_session(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session resp;
	struct token_claims claims;

	assert_int_equal(sign_up(call, "Ada@Example.COM", TEST_PASSWORD, "Ada Lovelace", &resp),
			 OK);
	assert_true(uuid_valid(resp.user->id));
	assert_string_equal(resp.user->email, "ada@example.com");
	assert_string_equal(resp.user->display_name, "Ada Lovelace");
	assert_string_equal(resp.user->user_name, "ada.lovelace");
	assert_int_equal(resp.user->role, AUTH__V1__USER__ROLE__USER);
	assert_false(resp.user->email_verified);
	assert_non_null(resp.user->create_time);

	claims = test_claims(call, resp.access_cookie);
	assert_string_equal(claims.subject, resp.user->id);
	assert_string_equal(claims.issuer, "auth");
	assert_false(claims.admin);
	assert_int_equal(claims.expires_at - claims.issued_at, 900);
	assert_int_equal(resp.expires_at->seconds, claims.expires_at);
	assert_string_equal(claims.session_id, test_value(call, "SELECT id FROM session"));

	/* A browser's tokens are in cookies alone. */
	assert_string_equal(resp.access_token, "");
	assert_int_equal(strncmp(resp.refresh_cookie, "lcr_", 4), 0);
	assert_string_equal(resp.refresh_token, "");
	assert_in_range(resp.refresh_expires_at->seconds, claims.issued_at + 30 * 86400 - 60,
			claims.issued_at + 30 * 86400 + 60);
}

/* One phrase, typed on two keyboards. */
#define COMPOSED "\xc3\xa9l\xc3\xa8ve \xc3\xa9t\xc3\xa9"
#define DECOMPOSED                      \
	"e\xcc\x81le\xcc\x80ve\xc2\xa0" \
	"e\xcc\x81te\xcc\x81" /* and another space */

static void a_password_is_the_same_on_every_keyboard(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session resp;

	assert_int_equal(sign_up(call, "ada@example.com", DECOMPOSED, "", &resp), OK);
	assert_int_equal(log_in(call, "ada@example.com", COMPOSED, &resp), OK);
	assert_int_equal(log_in(call, "ada@example.com", DECOMPOSED, &resp), OK);
	assert_int_equal(log_in(call, "ada@example.com", "eleve ete", &resp), UNAUTHENTICATED);
	assert_int_equal(sign_up(call, "bob@example.com", "two\nlines", "", &resp),
			 INVALID_ARGUMENT);
	assert_string_equal(call->err.field, "password");
}

/* Accounts from before passwords were prepared. */
static void an_old_hash_is_still_right(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session resp;
	char hash[PASSWORD_HASH_SIZE];
	const char *stored = "SELECT password_hash FROM account", *before;

	assert_int_equal(sign_up(call, "ada@example.com", COMPOSED, "", &resp), OK);
	assert_int_equal(password_hash(&test_auth.passwords, DECOMPOSED, hash, &call->err), OK);
	test_value(call, arena_printf(call->arena,
				      "UPDATE account SET password_hash = '%s' RETURNING 1", hash));
	before = test_value(call, stored);
	assert_int_equal(log_in(call, "ada@example.com", "not the password", &resp),
			 UNAUTHENTICATED);
	assert_string_equal(test_value(call, stored), before);
	assert_int_equal(log_in(call, "ada@example.com", DECOMPOSED, &resp), OK);
	assert_string_not_equal(test_value(call, stored), before); /* hashed anew */
	assert_int_equal(log_in(call, "ada@example.com", COMPOSED, &resp), OK);
}

static void a_name_cannot_turn_the_text_around_it(void **state)
{
	Auth__V1__Session resp;

	assert_int_equal(sign_up(*state, "ada@example.com", TEST_PASSWORD,
				 " Ada\xe2\x80\xae\n Lovelace\xe2\x81\xa7", &resp),
			 OK);
	assert_string_equal(resp.user->display_name, "Ada Lovelace");
}

static void a_program_gets_no_cookies(void **state)
{
	Auth__V1__Session *resp = test_sign_up(*state, "ada@example.com");

	assert_int_equal(strncmp(resp->refresh_token, "lcr_", 4), 0);
	assert_string_equal(resp->access_cookie, "");
	assert_string_equal(resp->refresh_cookie, "");
	assert_string_not_equal(resp->access_token, "");
}

static void nothing_readable_is_stored(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *resp = test_sign_up(call, "ada@example.com");

	assert_string_equal(test_value(call,
				       "SELECT password_hash LIKE '$argon2id$v=19$m=1024,t=1,p=1$%'"
				       " AND password_hash NOT LIKE '%correct%' FROM account"),
			    "t");
	assert_string_equal(
		test_value(call, arena_printf(call->arena,
					      "SELECT count(*) FROM refresh_token t WHERE "
					      "position('%s' in t::text) > 0",
					      resp->refresh_token)),
		"0");
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		"@",
		"a@",
		"@b",
		"a@b@c",
		"a b@c",
		" a@b",
		"a@b ",
		"a@b c",
		".a@b",
		"a.@b",
		"a..b@c",
		"a@.b",
		"a@b.",
		"a@b..c",
		"a@-b",
		"a@b-",
		"a@b_c",
		"a@[1.2.3.4]",
		"\"a\"@b",
		"a\n@b",
		"a@b\r\nBcc: x@y",
		"ä@b.de",
		"a@bücher.de",
		"<a@b>",
		"a,b@c",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b",
		"a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
	};
	static const char *const good[] = {
		"a@b",
		"a.b+c@d.e-f.example",
		"o'brien@example.com",
		"x@xn--bcher-kva.example",
		"UPPER@EXAMPLE.COM",
		"1@2.3",
		"a=b?c^d_`{|}~!#$%&*/-@e.f",
	};
	struct rpc_call *call = *state;
	Auth__V1__Session resp;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (sign_up(call, bad[i], TEST_PASSWORD, "", &resp) != INVALID_ARGUMENT)
			fail_msg("'%s' was taken", bad[i]);
		assert_string_equal(call->err.reason, "email_invalid");
		assert_string_equal(call->err.field, "email");
	}
	assert_string_equal(test_value(call, "SELECT count(*) FROM account"), "0");
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (sign_up(call, good[i], TEST_PASSWORD, "", &resp) != OK)
			fail_msg("'%s' was refused", good[i]);
}

static void passwords_are_checked(void **state)
{
	static const char *const bad[] = {
		"",
		"short",
		"1234567",
		"aaaaaaa",
		"äöüäöüä",
		"password",
		"PassWord1",
		"12345678",
		"qwertyuiop",
		"iloveyou",
		"limitless",
		"ada.lovelace",
		"ada.lovelace@example.com",
		"ADA.LOVELACE@example.com",
	};
	struct rpc_call *call = *state;
	char text[130 * 2 + 1] = "";
	Auth__V1__Session resp;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (sign_up(call, "ada.lovelace@example.com", bad[i], "", &resp) !=
		    INVALID_ARGUMENT)
			fail_msg("'%s' was taken", bad[i]);
		assert_string_equal(call->err.reason, "password_weak");
		assert_string_equal(call->err.field, "password");
	}
	/* Characters count, not bytes: 129 of two bytes are too many, 128 are not. */
	for (int i = 0; i < 129; i++)
		memcpy(text + 2 * i, "ö", 3);
	assert_int_equal(sign_up(call, "a@b", text, "", &resp), INVALID_ARGUMENT);
	assert_string_equal(test_value(call, "SELECT count(*) FROM account"), "0");
	text[128 * 2] = '\0';
	assert_int_equal(sign_up(call, "a@b", text, "", &resp), OK);
	assert_int_equal(log_in(call, "a@b", text, &resp), OK);
	text[127 * 2] = '\0';
	assert_int_equal(log_in(call, "a@b", text, &resp), UNAUTHENTICATED);
	assert_int_equal(sign_up(call, "c@d", "öööööööö", "", &resp), OK);
}

static void an_address_has_one_account(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session resp;

	test_sign_up(call, "ada@example.com");
	assert_int_equal(sign_up(call, "ADA@example.com", "another password", "", &resp),
			 ALREADY_EXISTS);
	assert_string_equal(call->err.reason, "email_taken");
	assert_string_equal(test_value(call, "SELECT count(*) FROM account"), "1");
	assert_string_equal(test_value(call, "SELECT count(*) FROM session"), "1");
}

static void user_names_are_unique_and_well_formed(void **state)
{
	static const char *const names[] = {"Ada Lovelace",
					    "Ada Lovelace",
					    "ada.lovelace",
					    "",
					    "Å",
					    "李白",
					    "  .. ",
					    "x",
					    "A very long name, longer than 32",
					    "<script>alert(1)</script>"};
	struct rpc_call *call = *state;
	Auth__V1__Session resp;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *email = arena_printf(call->arena, "u%zu@example.com", i);

		assert_int_equal(sign_up(call, email, TEST_PASSWORD, names[i], &resp), OK);
		assert_true(user_name_valid(resp.user->user_name));
	}
	assert_string_equal(test_value(call, "SELECT count(DISTINCT user_name) FROM account"),
			    "10");
	/* The address stays private: no name is made of it. */
	assert_string_equal(
		test_value(call, "SELECT count(*) FROM account WHERE user_name LIKE 'u_'"), "0");
}

static void listed_addresses_become_administrators(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *resp = test_sign_up(call, "root@EXAMPLE.com");

	assert_int_equal(resp->user->role, AUTH__V1__USER__ROLE__ADMIN);
	assert_true(test_claims(call, resp->access_token).admin);
}

static void log_in_opens_another_session(void **state)
{
	struct rpc_call *call = *state;
	const char *first, *second;
	Auth__V1__Session resp;

	first = test_claims(call, test_sign_up(call, "ada@example.com")->access_token).session_id;
	first = arena_strdup(call->arena, first);
	snprintf(call->ctx.user_agent, sizeof(call->ctx.user_agent), "Browser 1.0");
	snprintf(call->ctx.client_address, sizeof(call->ctx.client_address), "2001:db8::1");
	assert_int_equal(log_in(call, "ADA@example.com", TEST_PASSWORD, &resp), OK);
	second = arena_strdup(call->arena, test_claims(call, resp.access_cookie).session_id);
	assert_string_not_equal(first, second);
	assert_string_not_equal(resp.access_cookie, "");
	assert_string_equal(test_value(call, "SELECT user_agent || ' ' || address FROM session "
					     "ORDER BY create_time DESC LIMIT 1"),
			    "Browser 1.0 2001:db8::1");
}

static void wrong_credentials_look_all_the_same(void **state)
{
	struct rpc_call *call = *state;
	static const char *const tries[][2] = {
		{"ada@example.com", "wrong password"},
		{"ada@example.com", ""},
		{"ada@example.com", TEST_PASSWORD " "},
		{"bob@example.com", TEST_PASSWORD},
		{"no address", TEST_PASSWORD},
		{"", ""},
		{"ada@example.com' OR '1'='1", TEST_PASSWORD},
	};
	Auth__V1__Session resp;

	test_sign_up(call, "ada@example.com");
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		assert_int_equal(log_in(call, tries[i][0], tries[i][1], &resp), UNAUTHENTICATED);
		assert_string_equal(call->err.reason, "credentials_wrong");
		assert_string_equal(call->err.message,
				    "e-mail address and password do not match an account");
		assert_string_equal(resp.access_token, "");
	}
	assert_string_equal(test_value(call, "SELECT count(*) FROM session"), "1");
}

static void a_disabled_account_stays_out(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session resp;

	test_sign_up(call, "ada@example.com");
	test_value(call, "UPDATE account SET disabled_reason = 'spam' RETURNING 1");
	assert_int_equal(log_in(call, "ada@example.com", TEST_PASSWORD, &resp), PERMISSION_DENIED);
	assert_string_equal(call->err.reason, "account_disabled");
	/* A caller without the password does not learn it. */
	assert_int_equal(log_in(call, "ada@example.com", "wrong password", &resp), UNAUTHENTICATED);
	assert_string_equal(test_value(call, "SELECT count(*) FROM session"), "1");
}

static void a_changed_cost_is_taken_up_at_log_in(void **state)
{
	struct rpc_call *call = *state;
	struct password_options options = {.memory_bytes = 2 << 20, .passes = 1};
	struct error err;

	test_sign_up(call, "ada@example.com");
	assert_int_equal(password_start(&test_auth.passwords, &options, &err), OK);
	test_log_in(call, "ada@example.com");
	assert_string_equal(test_value(call, "SELECT password_hash LIKE '%m=2048,%' FROM account"),
			    "t");
	test_log_in(call, "ada@example.com");
	options.memory_bytes = test_conf.hash_memory_bytes;
	assert_int_equal(password_start(&test_auth.passwords, &options, &err), OK);
}

static void get_me_answers_the_callers_account(void **state)
{
	struct rpc_call *call = *state;
	Google__Protobuf__Empty req = GOOGLE__PROTOBUF__EMPTY__INIT;
	Auth__V1__User resp = AUTH__V1__USER__INIT;
	Auth__V1__Session *ada = test_sign_up(call, "ada@example.com");

	test_sign_up(call, "bob@example.com");
	assert_int_equal(auth_v1_get_me(test_call(call, ada->user->id, NULL), &req, &resp), OK);
	assert_string_equal(resp.id, ada->user->id);
	assert_string_equal(resp.email, "ada@example.com");
	assert_int_equal(
		auth_v1_get_me(test_call(call, "018f0000-0000-7000-8000-000000000001", NULL), &req,
			       &resp),
		UNAUTHENTICATED);
}

/* A statement sees only the user's own rows, whatever it asks for. */
static void row_level_security_hides_the_others(void **state)
{
	struct rpc_call *call = *state;
	const struct sql accounts = {"t_accounts", "SELECT count(*) AS n FROM account", 0};
	const struct sql sessions = {"t_sessions", "SELECT count(*) AS n FROM session", 0};
	const struct sql end = {"t_end",
				"UPDATE session SET end_time = lc.now(), end_reason = 'logout'", 0};
	_cleanup_(PQclearp) PGresult *a = NULL, *s = NULL, *e = NULL;
	Auth__V1__Session *ada = test_sign_up(call, "ada@example.com");
	struct error err;

	test_sign_up(call, "bob@example.com");
	test_log_in(call, "ada@example.com");
	assert_int_equal(db_query_as(service_db(call), ada->user->id, &accounts, NULL, &a, &err),
			 OK);
	assert_int_equal(db_i64(a, 0, "n"), 1);
	assert_int_equal(db_query_as(service_db(call), ada->user->id, &sessions, NULL, &s, &err),
			 OK);
	assert_int_equal(db_i64(s, 0, "n"), 2);
	assert_int_equal(db_query_as(service_db(call), ada->user->id, &end, NULL, &e, &err), OK);
	assert_string_equal(test_value(call, "SELECT count(*) FROM session WHERE end_time IS NULL"),
			    "1");
}

int account_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sign_up_answers_with_a_session),
		TEST(a_password_is_the_same_on_every_keyboard),
		TEST(an_old_hash_is_still_right),
		TEST(a_name_cannot_turn_the_text_around_it),
		TEST(a_program_gets_no_cookies),
		TEST(nothing_readable_is_stored),
		TEST(addresses_are_checked),
		TEST(passwords_are_checked),
		TEST(an_address_has_one_account),
		TEST(user_names_are_unique_and_well_formed),
		TEST(listed_addresses_become_administrators),
		TEST(log_in_opens_another_session),
		TEST(wrong_credentials_look_all_the_same),
		TEST(a_disabled_account_stays_out),
		TEST(a_changed_cost_is_taken_up_at_log_in),
		TEST(get_me_answers_the_callers_account),
		TEST(row_level_security_hides_the_others),
	};

	return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
