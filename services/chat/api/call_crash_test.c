/* Processes that die while they answer programs: the same request gets the whole answer, once, and
 * pays once. */
#include "caller_test.h"

#include <jansson.h>
#include <signal.h>
#include <unistd.h>

#define NUMBERS "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30"
#define SHOWN "\"content\":\"1"
#define TRIES 200

static const struct manner again = {.retry_count = "1"};

/* Sends it until it is answered, as libraries do. */
static char *ask_until_answered(struct stage *stage, const char *body)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(caller_freep) struct caller *caller = caller_call(stage, &again, body);

		caller_wait_end(caller);
		if (caller->status == OK)
			return caller_text(stage, caller);
		assert_int_equal(caller->status, UNAVAILABLE);
		usleep(20000);
	}
	fail_msg("no answer after %d tries", TRIES);
	return NULL;
}

/* kill -9 of the replica after so many milliseconds, or once something was shown (0). */
static void kill_after(struct stage *stage, int ms, bool stream)
{
	char *body = caller_body(stage, PLAIN, "count [[tokens:30]] [[pace:100]]", stream);
	struct caller *caller;

	uuid_v7(stage->user);
	stage->replica = CHAT_A;
	caller_answer(stage, NULL, caller_body(stage, FREE, "a connection [[say:x]]", false));
	caller = caller_call(stage, NULL, body);
	if (ms > 0)
		usleep((useconds_t)ms * 1000);
	else
		caller_wait_words(caller, SHOWN);
	process_kill(CHAT_A, SIGKILL);
	caller_wait_end(caller);
	caller_free(caller);
	stage->replica = CHAT_B;
	assert_string_equal(ask_until_answered(stage, body), NUMBERS);
	assert_int_equal(calls_in(stage, "DONE"), 2); /* with the free one */
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	process_start(CHAT_A);
}

static void a_killed_replica_costs_no_answer(void **state)
{
	static const int points[] = {1, 3, 6, 10, 15, 25, 40, 80, 150, 300};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		kill_after(stage, points[i], i & 1);
	kill_after(stage, 0, true);
}

/* A reader at another replica stays connected. It does not notice when nothing was shown; otherwise
 * its stream ends, and its repeat gets the answer. */
static void a_takeover_is_seen_only_after_text(void **state)
{
	struct stage *stage = *state;

	for (int shown = 0; shown < 2; shown++) {
		for (int stream = 0; stream < 2; stream++) {
			char *body = caller_body(stage, PLAIN,
						 shown ? "count [[tokens:30]] [[pace:150]]"
						       : "count [[first:900]] [[tokens:30]]",
						 stream);
			struct caller *first, *second;

			uuid_v7(stage->user);
			stage->replica = CHAT_A;
			first = caller_call(stage, NULL, body);
			eventually(calls_in(stage, "RUNNING") == 1);
			stage->replica = CHAT_B;
			second = caller_call(stage, &again, body);
			if (stream && shown)
				caller_wait_words(second, SHOWN);
			else if (stream)
				caller_wait_pieces(second, 1);
			else
				usleep(300000);
			process_kill(CHAT_A, SIGKILL);
			caller_free(first);
			if (stream && shown) {
				caller_wait_end(second);
				assert_int_equal(second->status, UNAVAILABLE);
				assert_string_equal(second->err.reason, "answer_restarted");
				assert_string_equal(ask_until_answered(stage, body), NUMBERS);
			} else {
				caller_expect_whole(stage, second, NUMBERS);
			}
			caller_free(second);
			assert_int_equal(calls_in(stage, ""), 1);
			stage_expect_balance(stage, GIFT - 2 * CREDIT);
			process_start(CHAT_A);
		}
	}
}

/* A budget counts each attempt, also of a replica that took the answer over. */
static void a_taken_over_call_keeps_its_terms(void **state)
{
	struct stage *stage = *state;
	char key[UUID_SIZE], sql[300];
	const struct manner manner = {
		.api_key = key, .of_key = "CANCEL", .retry_count = "1", .on_disconnect = NULL};
	char *body = caller_body(stage, PLAIN, "count [[tokens:200]] [[pace:40]]", true);
	struct caller *caller;

	uuid_v7(key);
	caller_budget(stage, key, 50 * CREDIT);
	caller = caller_call(stage, &manner, body);
	caller_wait_words(caller, SHOWN);
	process_kill(CHAT_A, SIGKILL);
	caller_free(caller);
	stage->replica = CHAT_B;
	caller = caller_call(stage, &manner, body);
	caller_wait_words(caller, SHOWN);
	snprintf(sql, sizeof sql,
		 "SELECT attempt || ' ' || (api_key_id = '%s') FROM chat.generation "
		 "WHERE user_id = '%s'",
		 key, stage->user);
	assert_string_equal(pg_value(sql), "2 true");
	caller_free(caller);
	eventually(calls_in(stage, "CANCELLED") == 1);
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	snprintf(sql, sizeof sql,
		 "SELECT debits_posted FROM credits.budget WHERE subject_id = '%s'", key);
	assert_string_equal(pg_value(sql), "2000000");
	process_start(CHAT_A);
}

/* ---------------------------------------------------------------- embeddings */

#define A_TOKEN (CREDIT / 10)

static const struct manner embed = {.format = EMBEDDINGS};
static const struct manner embed_again = {.format = EMBEDDINGS, .retry_count = "1"};

/* A lock that lets nobody write into the table. */
static PGconn *block(const char *owner, const char *table)
{
	PGconn *conn = PQconnectdb(pg_dsn(owner));
	char sql[100];

	snprintf(sql, sizeof sql, "BEGIN; LOCK TABLE %s IN SHARE MODE", table);
	PQclear(PQexec(conn, sql));
	assert_int_equal(PQtransactionStatus(conn), PQTRANS_INTRANS);
	return conn;
}

static bool somebody_is_blocked(void)
{
	return strcmp(pg_value("SELECT count(*) FROM pg_locks WHERE NOT granted"), "0") != 0;
}

/* The provider answers late, so that the time between hold and answer can be met. */
static char *embedding_body(struct stage *stage, const char *name)
{
	return arena_printf(
		stage->arena,
		"{\"model\":\"vectors\",\"input\":[\"x\",\"embed %s 1 2 3 4 5 6 7 8 9 10 11 "
		"12 13 14 15 16 [[first:300]]\"]}",
		name);
}

static int64_t embedding_tokens(const char *answer)
{
	json_t *root = json_loads(answer, 0, NULL);
	int64_t n = json_integer_value(
		json_object_get(json_object_get(root, "usage"), "prompt_tokens"));

	assert_int_equal(json_array_size(json_object_get(root, "data")), 2);
	json_decref(root);
	return n;
}

/* Its answer, which several tries may be needed for. */
static char *embed_until_answered(struct stage *stage, const char *body)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(caller_freep) struct caller *caller =
			caller_call(stage, &embed_again, body);

		caller_wait_end(caller);
		if (caller->status == OK)
			return arena_strdup(stage->arena, buf_text(&caller->body));
		assert_int_equal(caller->status, UNAVAILABLE);
		usleep(20000);
	}
	fail_msg("no answer after %d tries", TRIES);
	return NULL;
}

/* A step between the request and the end of its payment: what is waited for before the kill. */
struct step {
	const char *name;
	const char *owner, *table;                /* nobody can write there; NULL: anywhere */
	enum { AT_ONCE, HELD, ASKED, DONE } when; /* the lock is taken, or the kill comes */
	int asked_before; /* requests at the provider that the kill may have cut off */
};

static const struct step steps[] = {
	{"store", "chat_owner", "chat.api_call", AT_ONCE, 0},
	{"hold", "credits_owner", "credits.transfer", AT_ONCE, 0},
	{"held", NULL, NULL, HELD, 1},
	{"asked", NULL, NULL, ASKED, 1},
	{"end", "chat_owner", "chat.usage", AT_ONCE, 1},
	{"settle", "credits_owner", "credits.transfer", ASKED, 1},
	{"settled", NULL, NULL, DONE, 1},
};

static void wait_for_step(struct stage *stage, const struct step *step, const char *words)
{
	if (step->when == HELD)
		calls_wait_held(stage);
	else if (step->when == ASKED)
		eventually(stage_requests(words) == 1);
	else if (step->when == DONE)
		eventually(calls_in(stage, "DONE") == 1);
}

/* kill -9 at the step. The repeat by the same key has the answer that others have; it is paid once. */
static void kill_embedding_at(struct stage *stage, const struct step *step)
{
	char *body = embedding_body(stage, step->name), *answer, *second;
	char words[64];
	struct caller *caller;
	PGconn *lock = NULL;

	snprintf(words, sizeof words, "embed %s 1 2", step->name);
	uuid_v7(stage->user);
	snprintf(stage->key, sizeof stage->key, "key of %s", step->name);
	stage->replica = CHAT_A;
	if (step->table && step->when == AT_ONCE)
		lock = block(step->owner, step->table);
	caller = caller_call(stage, &embed, body);
	wait_for_step(stage, step, words);
	if (step->table && step->when != AT_ONCE)
		lock = block(step->owner, step->table);
	if (lock)
		eventually(somebody_is_blocked());
	process_kill(CHAT_A, SIGKILL);
	PQfinish(lock);
	process_start(CHAT_A); /* ends the lease of its former self */
	caller_free(caller);
	stage->replica = CHAT_B;
	answer = embed_until_answered(stage, body);
	second = embed_until_answered(stage, body);
	assert_string_equal(answer, second);
	assert_int_equal(calls_in(stage, "DONE"), 1);
	assert_in_range(stage_requests(words), 1, 1 + step->asked_before);
	stage_expect_balance(stage, GIFT - embedding_tokens(answer) * A_TOKEN);
	/* Another user's, to compare the vectors with. */
	uuid_v7(stage->user);
	second = embed_until_answered(stage, body);
	assert_string_equal(answer, second);
}

static void a_killed_replica_pays_an_embedding_once(void **state)
{
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		print_message("# kill at: %s\n", steps[i].name);
		kill_embedding_at(stage, &steps[i]);
	}
}

/* Nobody asks again: what was held is given back or paid, and the answer is there or it is not. */
static void a_killed_replica_leaves_no_hold_of_an_embedding(void **state)
{
	static const int points[] = {2, 8, 30, 200, 310};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		char *body = embedding_body(stage, "alone"), *answer;
		struct caller *caller;
		int64_t paid;

		uuid_v7(stage->user);
		stage->replica = CHAT_A;
		caller_answer(stage, NULL, caller_body(stage, FREE, "warm [[say:x]]", false));
		caller = caller_call(stage, &embed, body);
		usleep((useconds_t)points[i] * 1000);
		process_kill(CHAT_A, SIGKILL);
		process_start(CHAT_A);
		caller_free(caller);
		stage->replica = CHAT_B;
		eventually(calls_in(stage, "RUNNING") == 0);
		assert_true(calls_in(stage, "DONE") == calls_in(stage, ""));
		paid = calls_in(stage, "DONE") - 1; /* the free one */
		assert_in_range(paid, 0, 1);
		answer = paid ? embed_until_answered(stage, body) : NULL; /* read again, free */
		stage_expect_balance(stage,
				     GIFT - (answer ? embedding_tokens(answer) * A_TOKEN : 0));
	}
}

int call_crash_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_killed_replica_costs_no_answer),
		TEST(a_takeover_is_seen_only_after_text),
		TEST(a_taken_over_call_keeps_its_terms),
		TEST(a_killed_replica_pays_an_embedding_once),
		TEST(a_killed_replica_leaves_no_hold_of_an_embedding),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
