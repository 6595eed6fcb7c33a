/* Answers that end at the same time share a transaction, and one that is odd harms no other. */
#include "../chat_test.h"

#include <signal.h>
#include <unistd.h>

#define ANSWERS 8
#define TRIES 20

/* Answers of as many users. The end of the first waits for a lock, and the others gather behind it.
 */
struct crowd {
	struct stage *stage;
	char users[ANSWERS][UUID_SIZE];
	char chats[ANSWERS][UUID_SIZE];
	struct reader *readers[ANSWERS];
};

/* Between them the superuser's session is in a transaction, and this user's total is locked. */
static void hold_end(const char *user)
{
	char sql[200];

	pg_exec("BEGIN");
	snprintf(sql, sizeof sql, "SELECT FROM chat.user_total WHERE user_id = '%s' FOR UPDATE",
		 user);
	pg_exec(sql);
}

static void let_it_go(void)
{
	pg_exec("COMMIT");
}

static void invite(struct stage *stage, struct crowd *crowd)
{
	crowd->stage = stage;
	for (int i = 0; i < ANSWERS; i++)
		uuid_v7(crowd->users[i]);
}

/* The first one's end is held before the others begin, so that a slow machine lets none go. */
static void gather(struct crowd *crowd)
{
	struct stage *stage = crowd->stage;

	for (int i = 0; i < ANSWERS; i++) {
		memcpy(stage->user, crowd->users[i], UUID_SIZE);
		snprintf(crowd->chats[i], UUID_SIZE, "%s", stage_new_chat(stage, PLAIN));
		crowd->readers[i] =
			reader_generate(stage, crowd->chats[i], "count [[tokens:5]] [[pace:200]]");
		reader_wait_accepted(crowd->readers[i]);
		if (i == 0)
			hold_end(crowd->users[0]);
	}
	for (int i = 0; i < ANSWERS; i++)
		reader_wait_text(crowd->readers[i], strlen("1 2 3 4 5"));
	usleep(100000); /* perhaps they have come to their ends by now */
}

static void expect_charged(struct crowd *crowd, int i)
{
	memcpy(crowd->stage->user, crowd->users[i], UUID_SIZE);
	stage_expect_balance(crowd->stage, GIFT - 2 * CREDIT);
	reader_free(crowd->readers[i]);
}

static void expect_all(struct crowd *crowd)
{
	for (int i = 0; i < ANSWERS; i++) {
		reader_expect_done(crowd->readers[i], CHAT__V1__STOP_REASON__STOP);
		assert_string_equal(reader_text(crowd->readers[i]), "1 2 3 4 5");
		expect_charged(crowd, i);
	}
}

/* Of one column of their rows of usage. */
static const char *of_usage(const struct crowd *crowd, const char *what)
{
	char sql[1024];
	int n = snprintf(sql, sizeof sql, "SELECT %s FROM chat.usage u WHERE u.user_id IN (''",
			 what);

	n -= 2;
	for (int i = 0; i < ANSWERS; i++)
		n += snprintf(sql + n, sizeof sql - (size_t)n, "%s'%s'", i > 0 ? ", " : "",
			      crowd->users[i]);
	snprintf(sql + n, sizeof sql - (size_t)n, ")");
	return pg_value(sql);
}

/* A machine under load may let them end one by one, so there are some tries. */
static void ends_share_a_transaction(void **state)
{
	bool shared = false;

	for (int i = 0; i < TRIES && !shared; i++) {
		struct crowd crowd;

		invite(*state, &crowd);
		gather(&crowd);
		let_it_go();
		expect_all(&crowd);
		assert_string_equal(of_usage(&crowd, "count(*)"), "8");
		shared = *of_usage(&crowd, "count(DISTINCT u.xmin::text) < 8") == 't';
	}
	assert_true(shared);
}

/* The siblings, places and totals of each answer are its own; stage_tear_down sums them up. */
static void ends_of_one_user_share_a_transaction(void **state)
{
	struct stage *stage = *state;
	struct reader *readers[3];
	char *chats[3];

	for (int i = 0; i < 3; i++) {
		chats[i] = stage_new_chat(stage, PLAIN);
		readers[i] = reader_generate(stage, chats[i], "count [[tokens:5]] [[pace:100]]");
	}
	for (int i = 0; i < 3; i++)
		reader_wait_accepted(readers[i]);
	hold_end(stage->user);
	for (int i = 0; i < 3; i++)
		reader_wait_text(readers[i], 9);
	let_it_go();
	for (int i = 0; i < 3; i++) {
		reader_expect_done(readers[i], CHAT__V1__STOP_REASON__STOP);
		assert_int_equal(stage_messages(stage, chats[i])->n_messages, 2);
		reader_free(readers[i]);
	}
	stage_expect_balance(stage, GIFT - 6 * CREDIT);
}

/* While they wait another process takes one of them over, as if this one had been frozen. It ends
 * there, once, and the others end here. */
static void a_lost_lease_harms_no_other(void **state)
{
	struct crowd crowd;
	char sql[300];

	invite(*state, &crowd);
	gather(&crowd);
	snprintf(sql, sizeof sql,
		 "UPDATE chat.generation SET lease_token = nextval('chat.lease_seq'),"
		 " lease_until = lc.now() - interval '1 s' WHERE user_id = '%s'"
		 " AND state = 'RUNNING'",
		 crowd.users[5]);
	pg_exec(sql);
	let_it_go();
	for (int i = 0; i < ANSWERS; i++) {
		reader_wait_end(crowd.readers[i]);
		expect_charged(&crowd, i);
	}
	assert_string_equal(of_usage(&crowd, "count(*)"), "8");
}

/* A row that the database refuses: the others are stored without it, and it is tried again. */
static void a_bad_end_harms_no_other(void **state)
{
	struct crowd crowd;
	char sql[500];

	invite(*state, &crowd);
	snprintf(sql, sizeof sql,
		 "CREATE FUNCTION chat.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		 " IF NEW.user_id = '%s' THEN RAISE EXCEPTION 'a bad end'; END IF; RETURN NEW; END "
		 "$$",
		 crowd.users[0]);
	pg_exec(sql);
	pg_exec("CREATE TRIGGER refuse BEFORE INSERT ON chat.usage FOR EACH ROW"
		" EXECUTE FUNCTION chat.refuse()");
	gather(&crowd);
	let_it_go();
	for (int i = 1; i < ANSWERS; i++)
		reader_wait_end(crowd.readers[i]);
	eventually(process_said(CHAT_A, "a bad end"));
	assert_false(crowd.readers[0]->ended);
	pg_exec("DROP TRIGGER refuse ON chat.usage");
	pg_exec("DROP FUNCTION chat.refuse()");
	expect_all(&crowd);
	assert_string_equal(of_usage(&crowd, "count(*)"), "8");
}

/* The replica that stored the ends dies before credits has answered any of its calls. */
static void a_killed_replica_settles_its_batch(void **state)
{
	struct crowd crowd;

	invite(*state, &crowd);
	gather(&crowd);
	process_kill(CREDITS, SIGSTOP);
	let_it_go();
	eventually(strcmp(pg_value("SELECT count(*) FROM chat.generation WHERE end_time IS NULL"),
			  "0") == 0);
	process_kill(CHAT_A, SIGKILL);
	process_kill(CREDITS, SIGCONT);
	process_start(CHAT_A);
	for (int i = 0; i < ANSWERS; i++)
		expect_charged(&crowd, i);
	assert_string_equal(of_usage(&crowd, "count(*)"), "8");
}

int end_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends_share_a_transaction),
		TEST(ends_of_one_user_share_a_transaction),
		TEST(a_lost_lease_harms_no_other),
		TEST(a_bad_end_harms_no_other),
		TEST(a_killed_replica_settles_its_batch),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
