/* Many answers and many replicas that die, freeze and share keys (T11 to T14). `make test` has a cut of
 * each; tests/long/queue.t sets LIMITLESS_STORM for the full size: jobs, stale answers and seconds. */
#include "../chat_test.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define LEASE_US (2 * US_PER_S) /* process_test.c */
#define TAKEN_US (LEASE_US + 5 * US_PER_S)
#define KILLS_CUT 3
#define FROZEN_AT_ONCE 10
#define KEYS_N 3
#define KEY_LIMIT 10

static const enum process_name replicas[] = {CHAT_A, CHAT_B, CHAT_C, CHAT_D};

static unsigned first_seed, seed;

/* The n-th number of LIMITLESS_STORM, or that of the cut. */
static int size_of(int n, int cut)
{
	const char *at = getenv("LIMITLESS_STORM");

	while (at && n-- > 0)
		at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL;
	return at ? (int)strtol(at, NULL, 10) : cut;
}

static int storm_set_up(void **state)
{
	const char *given = getenv("SEED");

	stage_group_set_up(state);
	seed = first_seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	print_message("# SEED=%u\n", seed);
	process_start(CHAT_C);
	process_start(CHAT_D);
	return 0;
}

/* Gone again, but what the tests stopped runs. */
static int storm_tear_down(void **state)
{
	(void)state;
	process_stop(CHAT_C);
	process_stop(CHAT_D);
	return 0;
}

static int64_t number(struct stage *stage, const char *sql)
{
	(void)stage;
	return strtoll(pg_value(sql), NULL, 10);
}

/* ---------------------------------------------------------------- T11: workers that die */

/* A replica may die under the call. The same key makes a repeat harmless. */
static void submit(struct stage *stage, int n)
{
	Chat__V1__CreateChatRequest new_chat = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *generation;
	Chat__V1__Chat *chat;
	char text[100];

	stage->replica = replicas[n % 4];
	uuid_v7(stage->user);
	snprintf(stage->key, sizeof stage->key, "job %d", n);
	snprintf(text, sizeof text, "storm %u job %d. [[tokens:5]] [[pace:50]]", first_seed, n);
	new_chat.model = PLAIN;
	while (stage_call(stage, chat_v1_create_chat, &new_chat, &chat) != OK)
		assert_int_equal(stage->err.code, UNAVAILABLE);
	req.chat = chat->id;
	req.text = text;
	req.mode = CHAT__V1__MODE__BACKGROUND;
	while (stage_call(stage, chat_v1_start_generation, &req, &generation) != OK)
		assert_int_equal(stage->err.code, UNAVAILABLE);
	arena_reset(stage->arena);
}

struct killing {
	int64_t next_us,
		longest_us; /* until the answers of a dead replica ran elsewhere or were due */
	int n;
};

/* kill -9 each second. The victim comes back when others have its answers, so that their leases
 * lapse; and the time that this took is measured. */
static void maybe_kill(struct killing *killing)
{
	enum process_name victim;
	int64_t from_us = clock_mono_us(), took_us;
	char sql[400];

	if (from_us < killing->next_us || (killing->n == KILLS_CUT && !getenv("LIMITLESS_STORM")))
		return;
	victim = replicas[rand_r(&seed) % 4];
	process_kill(victim, SIGKILL);
	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM chat.generation WHERE state = 'RUNNING' AND "
		 "owner_endpoint = '%s'",
		 process_url(victim));
	eventually(strcmp(pg_value(sql), "0") == 0);
	took_us = clock_mono_us() - from_us;
	if (took_us > killing->longest_us)
		killing->longest_us = took_us;
	killing->n++;
	process_start(victim);
	killing->next_us = clock_mono_us() + US_PER_S;
}

static void killed_workers_lose_and_double_nothing(void **state)
{
	struct stage *stage = *state;
	struct killing killing = {.next_us = clock_mono_us() + US_PER_S / 2};
	int jobs = size_of(0, 25);
	char where[200], sql[900];
	int64_t asked = stage_ask_log("jq .total"), attempts;

	snprintf(where, sizeof where,
		 "chat.generation g JOIN chat.message m ON m.id = g.user_message_id WHERE m.text "
		 "LIKE 'storm %u job %%'",
		 first_seed);
	for (int i = 0; i < jobs; i++) {
		submit(stage, i);
		maybe_kill(&killing);
	}
	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s AND g.end_time IS NULL", where);
	while (number(stage, sql) > 0) {
		maybe_kill(&killing);
		usleep(50000);
	}
	asked = stage_ask_log("jq .total") - asked;
	snprintf(sql, sizeof sql, "SELECT sum(g.attempt) FROM %s", where);
	attempts = number(stage, sql);
	print_message("# %d jobs, %d kills: %" PRId64 " attempts, %" PRId64
		      " requests; taken over after at most %" PRId64 " ms\n",
		      jobs, killing.n, attempts, asked, (int64_t)(killing.longest_us / US_PER_MS));
	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", where);
	assert_int_equal(number(stage, sql), jobs); /* none lost, none twice */
	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM %s AND NOT (g.state = 'DONE' OR g.error_reason = "
		 "'generation_lost')",
		 where);
	assert_int_equal(number(stage, sql), 0);
	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM (SELECT g.id FROM %s AND (g.state = 'DONE') <> ((SELECT "
		 "count(*) FROM chat.usage u WHERE u.generation_id = g.id AND u.cost_microcredits "
		 "= 2000000) = 1)) AS wrong",
		 where);
	assert_int_equal(number(stage, sql), 0); /* each is paid once */
	assert_true(asked <= attempts);
	assert_true(killing.longest_us <= TAKEN_US || getenv("LIMITLESS_STORM") == NULL);
	eventually(number(stage, "SELECT count(*) FROM chat.outbox WHERE done_time IS NULL") == 0);
	eventually(number(stage, "SELECT sum(debits_pending) FROM credits.account") == 0);
}

/* ---------------------------------------------------------------- T12: a worker that was frozen */

/* Every write of a replica to an answer's rows. Calls in the outbox are made by any replica, so only
 * new ones count. */
#define WATCH(events, table, column)                                \
	"CREATE TRIGGER note_write AFTER " events " ON chat." table \
	" FOR EACH ROW EXECUTE FUNCTION public.note_write('" column "'); "
#define NOTE                                                                               \
	"CREATE TABLE public.written (replica text, what text, id text); "                 \
	"CREATE FUNCTION public.note_write() RETURNS trigger LANGUAGE plpgsql SECURITY "   \
	"DEFINER AS $$ BEGIN INSERT INTO public.written VALUES "                           \
	"(current_setting('test.replica', true), TG_TABLE_NAME, to_jsonb(NEW) ->> "        \
	"TG_ARGV[0]); RETURN NULL; END $$; " WATCH("INSERT OR UPDATE", "generation", "id") \
		WATCH("INSERT OR UPDATE", "checkpoint", "generation_id")                   \
			WATCH("INSERT OR UPDATE", "usage", "generation_id")                \
				WATCH("INSERT OR UPDATE", "message", "generation_id")      \
					WATCH("INSERT", "outbox", "key")
#define FORGET                                                                         \
	"SET client_min_messages = warning; DROP FUNCTION public.note_write CASCADE; " \
	"DROP TABLE public.written"

/* Its client's connection may have been given up. Then the other replica has the answer. */
static void expect_whole(struct stage *stage, struct reader *reader)
{
	struct reader *again;

	reader_wait_end(reader);
	if (reader->status == OK) {
		assert_true(reader->done);
		return;
	}
	assert_int_equal(reader->status, UNAVAILABLE);
	stage->replica = CHAT_B;
	again = reader_watch(stage, reader->generation, "");
	reader_expect_done(again, CHAT__V1__STOP_REASON__STOP);
	reader_free(again);
}

struct frozen {
	char user[UUID_SIZE];
	struct reader *reader;
	bool stale; /* it ran when its replica froze */
};

static bool runs_on_a(struct stage *stage, const char *generation)
{
	char sql[300];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM chat.generation WHERE state = 'RUNNING' AND "
		 "owner_endpoint = '%s' AND id::text LIKE '%s%%'",
		 process_url(CHAT_A), generation);
	return number(stage, sql) > 0;
}

static void begin_answers(struct stage *stage, struct frozen all[FROZEN_AT_ONCE])
{
	for (int i = 0; i < FROZEN_AT_ONCE; i++) {
		uuid_v7(stage->user);
		memcpy(all[i].user, stage->user, UUID_SIZE);
		stage->replica = CHAT_A;
		all[i].reader = reader_generate(stage, stage_new_chat(stage, PLAIN),
						"frozen [[tokens:100]] [[pace:40]]");
	}
	for (int i = 0; i < FROZEN_AT_ONCE; i++)
		reader_wait_text(all[i].reader, 1 + (size_t)(rand_r(&seed) % 20));
}

static void expect_untouched(struct stage *stage, const struct frozen *frozen)
{
	char sql[300];

	snprintf(sql, sizeof sql,
		 "SELECT string_agg(what, ' ') FROM public.written WHERE replica = 'chat-a' AND "
		 "id LIKE '%s%%'",
		 frozen->reader->generation);
	assert_string_equal(pg_value(sql), "");
	assert_int_equal(stage_generation(stage, frozen->reader->generation)->attempt, 2);
}

/* The number of answers that were stale. */
static int freeze(struct stage *stage, int round)
{
	struct frozen all[FROZEN_AT_ONCE];
	int n = 0;

	begin_answers(stage, all);
	process_kill(CHAT_A, SIGSTOP);
	for (int i = 0; i < FROZEN_AT_ONCE; i++)
		n += all[i].stale = runs_on_a(stage, all[i].reader->generation);
	eventually(!runs_on_a(stage, ""));
	if (round % 2 == 0) /* the other replica has ended them, or is still at it */
		eventually(number(stage, "SELECT count(*) FROM chat.generation WHERE state = "
					 "'RUNNING'") == 0);
	pg_exec("TRUNCATE public.written");
	process_kill(CHAT_A, SIGCONT);
	for (int i = 0; i < FROZEN_AT_ONCE; i++) {
		memcpy(stage->user, all[i].user, UUID_SIZE);
		expect_whole(stage, all[i].reader);
		if (all[i].stale)
			expect_untouched(stage, &all[i]);
		reader_free(all[i].reader);
	}
	arena_reset(stage->arena);
	return n;
}

static void a_frozen_replica_writes_nothing(void **state)
{
	struct stage *stage = *state;
	int n = 0, rounds = 0, wanted = size_of(1, FROZEN_AT_ONCE);

	pg_exec(NOTE);
	for (; n < wanted; rounds++)
		n += freeze(stage, rounds);
	/* The watch works: what is not stale is seen. */
	stage->replica = CHAT_A;
	reader_free(stage_answer(stage, stage_new_chat(stage, PLAIN), "seen [[say:x]]"));
	assert_true(number(stage, "SELECT count(DISTINCT what) FROM public.written WHERE replica = "
				  "'chat-a'") >= 3);
	pg_exec(FORGET);
	print_message("# %d stale answers in %d freezes, 0 rows written\n", n, rounds);
}

/* ---------------------------------------------------------------- T14: keys that replicas share */

static void add_key(struct stage *stage, int i, char id[UUID_SIZE])
{
	Chat__V1__AddProviderKeyRequest req = CHAT__V1__ADD_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__Int32Value limit = GOOGLE__PROTOBUF__INT32_VALUE__INIT;
	Chat__V1__ProviderKey *key;
	char secret[80];

	snprintf(secret, sizeof secret, "sk-rented-0123456789-storm-%u-%d", first_seed % 1000000,
		 i);
	limit.value = KEY_LIMIT;
	req.provider = (char *)RENTED;
	req.secret = secret;
	req.requests_per_minute = &limit;
	stage->admin = true;
	stage_ok(stage, chat_v1_add_provider_key, &req, &key);
	snprintf(id, UUID_SIZE, "%s", key->id);
}

static void delete_key(struct stage *stage, char *id)
{
	Chat__V1__DeleteProviderKeyRequest req = CHAT__V1__DELETE_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__Empty *empty;

	stage->admin = true;
	req.key = id;
	stage_ok(stage, chat_v1_delete_provider_key, &req, &empty);
}

/* Of the stand-in's log: the times of each storm key's requests, in milliseconds. */
#define TIMES                                                                     \
	"jq '[.requests[] | select(.key | test(\"storm-\"))] | group_by(.key) | " \
	"map(map((.received "                                                     \
	"| (.[:19] + \"Z\" | fromdate) * 1000 + (.[20:23] | tonumber))) | sort) | "
/* The shortest time that eleven requests of one key took. */
#define ELEVEN \
	TIMES "map([range(0; length - 10) as $i | .[$i + 10] - .[$i]]) | flatten | min // 60000'"
#define REQUESTS TIMES "flatten | length'"

/* Asks in the background, without an end, until the time is over: more than there is room for. */
static void keep_asking(struct stage *stage, int i)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *generation;
	char text[] = "by a rented key [[say:x]]";

	uuid_v7(stage->user);
	snprintf(stage->key, sizeof stage->key, "rented %d", i);
	req.chat = stage_new_chat(stage, RENTED);
	req.text = text;
	req.mode = CHAT__V1__MODE__BACKGROUND;
	stage_ok(stage, chat_v1_start_generation, &req, &generation);
	arena_reset(stage->arena);
}

static void no_key_is_used_more_than_its_minute(void **state)
{
	struct stage *stage = *state;
	int seconds = size_of(2, 4), kills = 0, asked, shortest, room, most;
	int64_t from_us, next_us;
	char ids[KEYS_N][UUID_SIZE], *key = stage->key;

	stage->replica = CHAT_A;
	for (int i = 0; i < KEYS_N; i++)
		add_key(stage, i, ids[i]);
	from_us = clock_mono_us();
	next_us = from_us + US_PER_S;
	for (int i = 0; i < KEYS_N * KEY_LIMIT * (seconds / 60 + 2); i++)
		keep_asking(stage, i);
	while (clock_mono_us() < from_us + seconds * US_PER_S) {
		enum process_name victim = replicas[1 + rand_r(&seed) % 3];

		usleep(100000);
		if (clock_mono_us() < next_us)
			continue;
		next_us += 3 * US_PER_S;
		process_kill(victim, SIGKILL);
		process_start(victim);
		kills++;
	}
	asked = stage_ask_log(REQUESTS);
	shortest = stage_ask_log(ELEVEN);
	room = KEYS_N * KEY_LIMIT * ((seconds - 1) / 60 + 1);
	most = KEYS_N * KEY_LIMIT * (seconds / 60 + 1); /* a minute begins at the end */
	print_message(
		"# %d s, %d kills: %d requests by %d keys, room for %d; eleven of one key took "
		"%d ms\n",
		seconds, kills, asked, KEYS_N, room, shortest);
	*key = '\0';
	pg_exec("UPDATE chat.generation SET cancel_requested = true WHERE model = 'rented' AND "
		"state IN ('QUEUED', 'WAITING', 'RUNNING'); UPDATE chat.generation SET run_time = "
		"lc.now() WHERE state = 'WAITING'");
	for (int i = 0; i < KEYS_N; i++)
		delete_key(stage, ids[i]);
	eventually(number(stage, "SELECT count(*) FROM chat.generation WHERE end_time IS NULL") ==
		   0);
	assert_true(asked <= most);
	/* A killed replica may take a use along that it had not made yet. */
	assert_true(asked * 100 >= room * 95 || asked + 2 >= room);
	/* A use counts from its commit. The request comes a moment later. */
	assert_true(shortest >= 58000);
}

/* ---------------------------------------------------------------- T13: the ladder of a day */

static char *start_failing(struct stage *stage)
{
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *generation;
	char text[200];

	snprintf(text, sizeof text, "ladder [[fault:500 times=15 key=%s]] [[say:at last]]",
		 stage->user);
	req.chat = stage_new_chat(stage, PLAIN);
	req.text = text;
	req.mode = CHAT__V1__MODE__BACKGROUND;
	stage_ok(stage, chat_v1_start_generation, &req, &generation);
	return generation->id;
}

static bool waits(struct stage *stage, const char *id, int rounds)
{
	char sql[200];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM chat.generation WHERE id = '%s' AND state = 'WAITING' AND "
		 "rounds = %d",
		 id, rounds);
	return number(stage, sql) == 1;
}

static bool is_state(struct stage *stage, const char *id, Chat__V1__Generation__State state)
{
	return stage_generation(stage, id)->state == state;
}

/* It waits for the step, a tenth more or less, of which a moment is over. */
static void expect_wait(struct stage *stage, const char *id, int64_t seconds)
{
	char sql[200];
	double left;

	snprintf(sql, sizeof sql,
		 "SELECT extract(epoch FROM run_time - lc.now()) FROM chat.generation WHERE id = "
		 "'%s'",
		 id);
	left = strtod(pg_value(sql), NULL);
	print_message("# %" PRId64 " s of a wait: %.1f s\n", seconds, left);
	assert_true(left <= (double)seconds * 1.1);
	assert_true(left >= (double)seconds * 0.9 - 30); /* the machine may be slow */
}

static void the_ladder_has_its_steps(void **state)
{
	static const int64_t steps[] = {60, 600, 3600, 86400};
	struct stage *stage = *state;
	Chat__V1__RequeueDeadLetterRequest again = CHAT__V1__REQUEUE_DEAD_LETTER_REQUEST__INIT;
	Chat__V1__DeadLetter *letter;
	char *id, interval[32];

	process_stop(CHAT_A); /* these two wait shorter */
	process_stop(CHAT_B);
	stage->replica = CHAT_C;
	id = start_failing(stage);
	for (int i = 0; i < (int)ARRAY_SIZE(steps); i++) {
		eventually(waits(stage, id, i + 1));
		expect_wait(stage, id, steps[i]);
		assert_int_equal(stage_generation(stage, id)->attempt, i + 1);
		snprintf(interval, sizeof interval, "%" PRId64 " s", steps[i] * 11 / 10 + 1);
		pg_clock_add(interval);
	}
	eventually(is_state(stage, id, CHAT__V1__GENERATION__STATE__DEAD));
	stage_expect_balance(stage, GIFT);
	stage->admin = true;
	again.generation = id;
	stage_ok(stage, chat_v1_requeue_dead_letter, &again, &letter);
	eventually(is_state(stage, id, CHAT__V1__GENERATION__STATE__DONE));
	stage_ok(stage, chat_v1_requeue_dead_letter, &again, &letter); /* changes nothing */
	assert_true(is_state(stage, id, CHAT__V1__GENERATION__STATE__DONE));
	stage_expect_balance(stage, GIFT - 2 * CREDIT);
	process_start(CHAT_A);
	process_start(CHAT_B);
}

int storm_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_workers_lose_and_double_nothing),
		TEST(a_frozen_replica_writes_nothing),
		TEST(no_key_is_used_more_than_its_minute),
		TEST(the_ladder_has_its_steps),
	};

	return cmocka_run_group_tests(tests, storm_set_up, storm_tear_down);
}
