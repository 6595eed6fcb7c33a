/* Rotation of refresh tokens: one winner, a window for lost answers, and the end of the session
 * when a token comes back later. */
#include "auth/auth_test.h"
#include "runtime/base/text.h"
#include "sql/auth.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *text(struct rpc_call *call, const char *from)
{
	return arena_strdup(call->arena, from);
}

static void expect_invalid(struct rpc_call *call, const char *token)
{
	Auth__V1__Session resp;

	if (test_refresh(call, token, &resp) != UNAUTHENTICATED)
		fail_msg("'%s' was taken", token);
	assert_string_equal(call->err.reason, "refresh_invalid");
	assert_string_equal(resp.access_token, "");
	assert_string_equal(resp.refresh_token, "");
}

static void a_token_gives_a_new_pair(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *first = test_sign_up(call, "ada@example.com"), second, third;
	struct token_claims before = test_claims(call, first->access_token), after;

	assert_int_equal(test_refresh(call, first->refresh_token, &second), OK);
	assert_string_not_equal(second.refresh_token, first->refresh_token);
	assert_string_equal(second.user->id, first->user->id);
	assert_string_equal(second.refresh_cookie, "");
	after = test_claims(call, second.access_token);
	assert_string_equal(after.session_id, before.session_id);
	assert_int_equal(test_refresh(call, second.refresh_token, &third), OK);
	assert_string_not_equal(third.refresh_token, second.refresh_token);
}

static void a_cookie_gives_cookies(void **state)
{
	struct rpc_call *call = *state;
	Auth__V1__Session *first = test_sign_up(call, "ada@example.com"), resp;
	Auth__V1__RefreshRequest req = AUTH__V1__REFRESH_REQUEST__INIT;

	auth__v1__session__init(&resp);
	req.refresh_cookie = first->refresh_token;
	assert_int_equal(auth_v1_refresh(test_call(call, NULL, NULL), &req, &resp), OK);
	assert_string_not_equal(resp.access_cookie, "");
	assert_string_equal(resp.access_token, "");
	assert_string_not_equal(resp.refresh_cookie, first->refresh_token);
	assert_string_equal(resp.refresh_token, "");
}

static void what_is_no_token_of_ours_is_refused(void **state)
{
	struct rpc_call *call = *state;
	const char *good = test_sign_up(call, "ada@example.com")->refresh_token;
	struct refresh_token other = refresh_token_new(call->arena);
	const char *const bad[] = {
		"",
		"lcr_",
		"x",
		good + 4,
		other.text,
		"lcr_AAAA",
		arena_printf(call->arena, "%s=", good),
		arena_printf(call->arena, "%sA", good),
		arena_printf(call->arena, " %s", good),
		arena_printf(call->arena, "%.*s", (int)strlen(good) - 1, good),
		"lcr_' OR '1'='1",
	};
	Auth__V1__Session resp;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_invalid(call, bad[i]);
	assert_int_equal(test_refresh(call, good, &resp), OK);
}

/* The answer got lost: within 10 s the old token gives the same successor, any number of times. */
static void a_retry_gets_the_same_successor(void **state)
{
	struct rpc_call *call = *state;
	const char *first = test_sign_up(call, "ada@example.com")->refresh_token;
	Auth__V1__Session second, again;

	assert_int_equal(test_refresh(call, first, &second), OK);
	for (int i = 0; i < 3; i++) {
		pg_clock_add("+3 seconds");
		assert_int_equal(test_refresh(call, first, &again), OK);
		assert_string_equal(again.refresh_token, second.refresh_token);
		assert_string_not_equal(again.access_token, "");
		assert_int_equal(again.refresh_expires_at->seconds,
				 second.refresh_expires_at->seconds);
	}
	assert_int_equal(test_refresh(call, second.refresh_token, &again), OK);
}

static void expect_family_ended(struct rpc_call *call, const char *newest)
{
	expect_invalid(call, newest);
	assert_string_equal(test_value(call, "SELECT end_reason FROM session"), "refresh_reuse");
	assert_string_equal(test_value(call, "SELECT count(*) FROM revocation r JOIN session s"
					     " ON s.id = r.session_id"),
			    "1");
}

static void a_late_reuse_ends_the_session(void **state)
{
	struct rpc_call *call = *state;
	const char *first = test_sign_up(call, "ada@example.com")->refresh_token;
	Auth__V1__Session second;

	assert_int_equal(test_refresh(call, first, &second), OK);
	pg_clock_add("+11 seconds");
	expect_invalid(call, first);
	expect_family_ended(call, second.refresh_token);
}

static void a_reuse_after_the_successor_was_used_ends_the_session(void **state)
{
	struct rpc_call *call = *state;
	const char *first = test_sign_up(call, "ada@example.com")->refresh_token;
	Auth__V1__Session second, third;

	assert_int_equal(test_refresh(call, first, &second), OK);
	assert_int_equal(test_refresh(call, second.refresh_token, &third), OK);
	expect_invalid(call, first);
	expect_family_ended(call, third.refresh_token);
}

/* A stolen token ends its own session; the user's others and other users go on. */
static void a_reuse_ends_no_other_session(void **state)
{
	struct rpc_call *call = *state;
	const char *first = test_sign_up(call, "ada@example.com")->refresh_token;
	const char *other = test_log_in(call, "ada@example.com")->refresh_token;
	const char *bob = test_sign_up(call, "bob@example.com")->refresh_token;
	Auth__V1__Session resp;

	assert_int_equal(test_refresh(call, first, &resp), OK);
	pg_clock_add("+1 hour");
	expect_invalid(call, first);
	assert_int_equal(test_refresh(call, other, &resp), OK);
	assert_int_equal(test_refresh(call, bob, &resp), OK);
}

static void an_unused_token_expires(void **state)
{
	struct rpc_call *call = *state;
	const char *token = test_sign_up(call, "ada@example.com")->refresh_token;
	Auth__V1__Session resp;

	pg_clock_add("+29 days");
	assert_int_equal(test_refresh(call, token, &resp), OK);
	token = text(call, resp.refresh_token);
	pg_clock_add("+29 days"); /* each refresh starts the 30 days anew */
	assert_int_equal(test_refresh(call, token, &resp), OK);
	token = text(call, resp.refresh_token);
	pg_clock_add("+31 days");
	expect_invalid(call, token);
	/* Too late is no theft. */
	assert_string_equal(
		test_value(call, "SELECT count(*) FROM session WHERE end_time IS NOT NULL"), "0");
}

static void a_session_ends_however_often_it_is_refreshed(void **state)
{
	struct rpc_call *call = *state;
	const char *token = test_sign_up(call, "ada@example.com")->refresh_token;
	Auth__V1__Session resp;

	for (int day = 20; day < 180; day += 20) {
		pg_clock_add("+20 days");
		assert_int_equal(test_refresh(call, token, &resp), OK);
		token = text(call, resp.refresh_token);
	}
	assert_string_equal(test_value(call, "SELECT max(t.expire_time) = max(s.expire_time)"
					     " FROM refresh_token t, session s"),
			    "t");
	pg_clock_add("+20 days +1 second");
	expect_invalid(call, token);
}

static void a_disabled_account_is_not_refreshed(void **state)
{
	struct rpc_call *call = *state;
	const char *token = test_sign_up(call, "ada@example.com")->refresh_token;

	test_value(call, "UPDATE account SET disabled_reason = 'spam' RETURNING 1");
	expect_invalid(call, token);
	test_value(call, "UPDATE account SET disabled_reason = NULL RETURNING 1");
}

/* ------------------------------------------------------------------ the race */

#define RACE_PROCESSES 2
#define RACE_THREADS 10
#define RACE_CALLS 5 /* of each thread: 100 in all */
#define RACE_ROUNDS 20

struct racer {
	struct db *db;
	const char *token;
	int start; /* end of a pipe: closed when all may run */
	char won[RACE_CALLS][64];
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct rpc_call *call = test_auth_call(racer->db);
	struct error err;
	char byte;

	if (db_connect(racer->db, &err) == OK && read(racer->start, &byte, 1) == 0) {
		for (int i = 0; i < RACE_CALLS; i++) {
			Auth__V1__Session resp;

			if (test_refresh(call, racer->token, &resp) == OK)
				snprintf(racer->won[i], sizeof(racer->won[i]), "%s",
					 resp.refresh_token);
			test_call_reset(call);
		}
	}
	test_call_free(call);
	db_free(racer->db);
	return NULL;
}

/* One replica: writes a line for each successor that it was given. Never returns. */
static void race_replica(const char *token, int start, int out)
{
	struct racer racers[RACE_THREADS] = {0};
	pthread_t threads[RACE_THREADS];
	FILE *file = fdopen(out, "w");

	for (int i = 0; i < RACE_THREADS; i++) {
		racers[i].db = pg_db("auth_app", sql_auth_all);
		racers[i].token = token;
		racers[i].start = start;
		pthread_create(&threads[i], NULL, race, &racers[i]);
	}
	for (int i = 0; i < RACE_THREADS; i++) {
		pthread_join(threads[i], NULL);
		for (int k = 0; k < RACE_CALLS; k++)
			fprintf(file, "%s\n", racers[i].won[k]);
	}
	fflush(file);
	_exit(0);
}

/* 100 presentations of one token by two processes. Returns the one successor. */
static void race_round(const char *token, char ret[64])
{
	pid_t replicas[RACE_PROCESSES];
	int start[2], out[2], n = 0;
	char line[64];
	FILE *file;

	assert_int_equal(pipe(start), 0);
	assert_int_equal(pipe(out), 0);
	for (int i = 0; i < RACE_PROCESSES; i++) {
		replicas[i] = fork();
		if (replicas[i] == 0) {
			close(start[1]);
			close(out[0]);
			race_replica(token, start[0], out[1]);
		}
	}
	close(start[0]);
	close(out[1]);
	close(start[1]); /* go */
	ret[0] = '\0';
	file = fdopen(out[0], "r");
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		n++;
		if (ret[0] == '\0')
			snprintf(ret, 64, "%s", line);
		assert_string_equal(line, ret);
	}
	fclose(file);
	for (int i = 0; i < RACE_PROCESSES; i++)
		waitpid(replicas[i], NULL, 0);
	assert_int_equal(n, RACE_PROCESSES * RACE_THREADS * RACE_CALLS);
	assert_string_not_equal(ret, "");
}

static void of_100_presentations_one_wins(void **state)
{
	struct db *db = pg_db("auth_app", sql_auth_all);
	struct rpc_call *call = test_auth_call(db);
	char token[64], next[64];

	snprintf(token, sizeof(token), "%s", test_sign_up(call, "race@example.com")->refresh_token);
	db_free(db);
	for (int i = 0; i < RACE_ROUNDS; i++) {
		race_round(token, next);
		assert_string_not_equal(next, token);
		memcpy(token, next, sizeof(token));
	}
	test_call_free(call);
	assert_string_equal(pg_value("SELECT count(*) FROM auth.refresh_token"), "21");
	assert_string_equal(pg_value("SELECT count(*) FROM auth.session WHERE end_time IS NULL"),
			    "1");
	pg_exec("DELETE FROM auth.account");
}

int refresh_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_gives_a_new_pair),
		TEST(a_cookie_gives_cookies),
		TEST(what_is_no_token_of_ours_is_refused),
		TEST(a_retry_gets_the_same_successor),
		TEST(a_late_reuse_ends_the_session),
		TEST(a_reuse_after_the_successor_was_used_ends_the_session),
		TEST(a_reuse_ends_no_other_session),
		TEST(an_unused_token_expires),
		TEST(a_session_ends_however_often_it_is_refreshed),
		TEST(a_disabled_account_is_not_refreshed),
		cmocka_unit_test(of_100_presentations_one_wins),
	};

	return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
