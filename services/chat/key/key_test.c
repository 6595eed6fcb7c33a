/* Keys of providers: sealed rows, the minute that replicas share, and what administrators do. */
#include "../chat_test.h"
#include "chat/key/take.h"
#include "chat/key/vault.h"
#include "runtime/base/text.h"

#include <stdlib.h>

#define MASTER "0123456789abcdef0123456789abcdef master"
#define OTHER_MASTER "fedcba9876543210fedcba9876543210 other"
#define SECRET "sk-test-0123456789abcdef-WXYZ"
#define TRIES 300
#define KEYS_N 3
#define LIMIT 10

static struct db *worker(void)
{
	return pg_db("chat_worker", sql_chat_all);
}

static void vault_of(struct vault *vault, struct db *db, const char *master, const char *previous)
{
	const struct chat_conf with = {.master_key = master, .master_key_previous = previous};
	struct error err;

	if (vault_init(vault, &with, db, &err) != OK)
		fail_msg("%s", err.message);
}

/* ---------------------------------------------------------------- the vault */

static void put_row(struct db *db, const struct vault *vault, const char *secret,
		    char id[UUID_SIZE])
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);
	struct error err;

	vault_id(vault, "demo", secret, id);
	const char *const params[] = {
		id, "demo", "", vault_seal(vault, arena, "demo", id, secret), vault->master.id,
		"7"};
	if (db_exec(db, &sql_provider_key_add, params, NULL, &err) != OK)
		fail_msg("%s", err.message);
}

/* How the row opens: its secret, or the error's reason. */
static const char *opens(struct db *db, const struct vault *vault, const char *id,
			 struct arena *arena)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	struct error err;
	char *secret;

	if (db_query(db, &sql_provider_key_open, NULL, &rows, &err) != OK)
		fail_msg("%s", err.message);
	for (int row = 0; row < PQntuples(rows); row++) {
		if (strcmp(db_peek(rows, row, "id"), id) == 0)
			return vault_open(vault, arena, rows, row, &secret, &err) == OK
				       ? secret
				       : arena_strdup(arena, err.reason);
	}
	return "gone";
}

static void a_row_opens_by_its_master_key_alone(void **state)
{
	_cleanup_(db_freep) struct db *db = worker();
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct vault one, rotating, other;
	char id[UUID_SIZE], again[UUID_SIZE], text[300];
	struct error err;

	(void)state;
	vault_of(&one, db, MASTER, "");
	vault_of(&rotating, db, OTHER_MASTER, MASTER);
	vault_of(&other, db, OTHER_MASTER, "");
	put_row(db, &one, SECRET, id);
	vault_id(&other, "demo", SECRET, again); /* replicas agree, whatever their master key is */
	assert_string_equal(id, again);
	vault_id(&other, "openai", SECRET, again);
	assert_string_not_equal(id, again);
	assert_string_equal(opens(db, &one, id, arena), SECRET);
	assert_string_equal(opens(db, &rotating, id, arena), SECRET);
	assert_string_equal(opens(db, &other, id, arena), "master_key_missing");

	assert_int_equal(vault_reseal(db, &rotating, &err), OK);
	assert_string_equal(opens(db, &other, id, arena), SECRET);
	assert_string_equal(opens(db, &one, id, arena), "master_key_missing");

	/* The row of another provider does not open, nor one with a changed byte. */
	snprintf(text, sizeof text,
		 "UPDATE chat.provider_key SET provider = 'openai' WHERE id = '%s'", id);
	pg_exec(text);
	assert_string_equal(opens(db, &other, id, arena), "internal_error");
	snprintf(text, sizeof text,
		 "UPDATE chat.provider_key SET provider = 'demo', "
		 "sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) WHERE id = '%s'",
		 id);
	pg_exec(text);
	assert_string_equal(opens(db, &other, id, arena), "internal_error");
	pg_exec("DELETE FROM chat.provider_key WHERE source = 'TABLE'");
}

static void a_short_master_key_is_refused(void **state)
{
	_cleanup_(db_freep) struct db *db = worker();
	const struct chat_conf with = {.master_key = "short", .master_key_previous = ""};
	struct vault vault;
	struct error err;

	(void)state;
	assert_int_equal(vault_init(&vault, &with, db, &err), INVALID_ARGUMENT);
	assert_non_null(strstr(err.message, "provider_keys.master_key: has 5 bytes"));
}

static void handlers_cannot_read_a_secret(void **state)
{
	(void)state;
	assert_string_equal(
		pg_value("SELECT has_column_privilege('chat_app', 'chat.provider_key', 'sealed', "
			 "'SELECT') OR has_table_privilege('chat_app', 'chat.provider_key_salt', "
			 "'SELECT')"),
		"f");
}

/* ---------------------------------------------------------------- one minute, several replicas */

struct minute {
	struct provider_key keys[KEYS_N];
	struct provider provider;
	struct provider_route route;
};

static void minute_init(struct minute *minute, struct db *db)
{
	struct vault vault;

	*minute = (struct minute){
		.provider = {.name = "demo", .keys = minute->keys, .n_keys = KEYS_N}};
	minute->route.provider = &minute->provider;
	vault_of(&vault, db, MASTER, "");
	pg_exec("DELETE FROM chat.provider_key WHERE source = 'TABLE'");
	for (size_t k = 0; k < KEYS_N; k++) {
		char secret[32];

		snprintf(secret, sizeof secret, "minute-%zu", k);
		put_row(db, &vault, secret, minute->keys[k].id);
	}
	pg_exec("UPDATE chat.provider_key SET requests_per_minute = 10 WHERE source = 'TABLE'");
	pg_exec("CREATE TABLE IF NOT EXISTS public.taken (key uuid, at timestamptz, who integer)");
	pg_exec("TRUNCATE public.taken");
	pg_exec("GRANT ALL ON public.taken TO PUBLIC");
}

static size_t take_one(struct minute *minute, struct db *db, int64_t *ret_wait_us)
{
	struct provider_ask ask = {.n = KEYS_N};
	struct key_taken taken;
	struct error err;

	for (size_t k = 0; k < KEYS_N; k++)
		ask.picks[k] = (struct provider_pick){&minute->route, &minute->keys[k]};
	if (key_take(db, &ask, &taken, &err) != OK)
		fail_msg("%s", err.message);
	*ret_wait_us = INT64_MAX;
	for (size_t k = 0; k < KEYS_N && !taken.pick; k++) {
		if (taken.wait_us[k] < *ret_wait_us)
			*ret_wait_us = taken.wait_us[k];
	}
	return taken.pick ? (size_t)(taken.pick->key - minute->keys) : KEYS_N;
}

struct replica {
	struct minute *minute;
	pthread_t thread;
	int taken;
};

static void *ask_often(void *ctx)
{
	struct replica *replica = ctx;
	_cleanup_(db_freep) struct db *db = worker();
	int64_t wait_us;

	for (int i = 0; i < TRIES / 2; i++)
		replica->taken += take_one(replica->minute, db, &wait_us) < KEYS_N;
	return NULL;
}

/* Both ask at once: all rows are locked at times, which is not "none free". */
static void two_replicas_fill_a_minute_and_no_more(void **state)
{
	_cleanup_(db_freep) struct db *db = worker();
	struct minute minute;
	struct replica two[2] = {{.minute = &minute}, {.minute = &minute}};

	(void)state;
	minute_init(&minute, db);
	for (size_t i = 0; i < 2; i++)
		ensure(pthread_create(&two[i].thread, NULL, ask_often, &two[i]) == 0);
	for (size_t i = 0; i < 2; i++)
		pthread_join(two[i].thread, NULL);
	assert_int_equal(two[0].taken + two[1].taken, KEYS_N * LIMIT);
	assert_string_equal(
		pg_value("SELECT count(*) FROM chat.provider_key WHERE source = 'TABLE' "
			 "AND cardinality(uses) = 10"),
		"3");
}

/* Steps of a fake clock at random: the oracle keeps every use for ever. */
static void no_window_of_a_minute_has_more(void **state)
{
	_cleanup_(db_freep) struct db *db = worker();
	static int64_t at_ms[KEYS_N][TRIES];
	size_t n[KEYS_N] = {0};
	const char *given = getenv("SEED");
	unsigned seed =
		given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)random_below(1 << 30);
	struct minute minute;
	int64_t now_ms = 0, wait_us;

	(void)state;
	print_message("SEED=%u\n", seed);
	minute_init(&minute, db);
	for (int i = 0; i < TRIES; i++) {
		int64_t step_ms = rand_r(&seed) % 8 ? rand_r(&seed) % 300 : rand_r(&seed) % 20000;
		char interval[32];
		size_t k, least = SIZE_MAX;

		snprintf(interval, sizeof interval, "%lld ms", (long long)step_ms);
		pg_clock_add(interval);
		now_ms += step_ms;
		for (size_t other = 0; other < KEYS_N; other++) {
			size_t recent = 0;

			while (recent < n[other] &&
			       at_ms[other][n[other] - 1 - recent] > now_ms - 60000)
				recent++;
			if (recent < least)
				least = recent;
		}
		k = take_one(&minute, db, &wait_us);
		if (k ==
		    KEYS_N) { /* real time runs, too: less may be left than the oracle thinks */
			assert_true(least >= LIMIT || wait_us > 0);
			continue;
		}
		assert_true(n[k] < LIMIT || now_ms - at_ms[k][n[k] - LIMIT] >= 60000 - 30000);
		at_ms[k][n[k]++] = now_ms;
	}
	assert_string_equal(
		pg_value("SELECT bool_or(cardinality(uses) > 10) FROM chat.provider_key"), "f");
	pg_clock_reset();
	pg_exec("DELETE FROM chat.provider_key WHERE source = 'TABLE'");
}

/* ---------------------------------------------------------------- administrators */

static Chat__V1__ProviderKey *add(struct stage *stage, const char *provider, const char *secret)
{
	Chat__V1__AddProviderKeyRequest req = CHAT__V1__ADD_PROVIDER_KEY_REQUEST__INIT;
	Chat__V1__ProviderKey *key;

	req.provider = (char *)provider;
	req.secret = strdup(secret);
	stage_ok(stage, chat_v1_add_provider_key, &req, &key);
	free(req.secret);
	return key;
}

static Chat__V1__ProviderKey *listed(struct stage *stage, const char *id)
{
	Chat__V1__ListProviderKeysRequest req = CHAT__V1__LIST_PROVIDER_KEYS_REQUEST__INIT;
	Chat__V1__ListProviderKeysResponse *resp;

	stage_ok(stage, chat_v1_list_provider_keys, &req, &resp);
	for (size_t i = 0; i < resp->n_keys; i++) {
		if (strcmp(resp->keys[i]->id, id) == 0)
			return resp->keys[i];
	}
	return NULL;
}

static bool is_in(struct stage *stage, const char *id, Chat__V1__ProviderKey__State wanted)
{
	Chat__V1__ProviderKey *key = listed(stage, id);

	return key && key->state == wanted;
}

static void set_enabled(struct stage *stage, const char *id, bool enabled)
{
	Chat__V1__UpdateProviderKeyRequest req = CHAT__V1__UPDATE_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	char *paths[] = {(char *)"enabled"};
	Chat__V1__ProviderKey *key;

	mask.n_paths = 1;
	mask.paths = paths;
	req.key = (char *)id;
	req.enabled = enabled;
	req.update_mask = &mask;
	stage_ok(stage, chat_v1_update_provider_key, &req, &key);
	assert_int_equal(key->enabled, enabled);
}

static void a_key_comes_and_goes_without_a_restart(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteProviderKeyRequest gone = CHAT__V1__DELETE_PROVIDER_KEY_REQUEST__INIT;
	Chat__V1__AddProviderKeyRequest again = CHAT__V1__ADD_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__ProviderKey *key, *twice;
	char id[UUID_SIZE], secret[] = SECRET;

	stage->admin = true;
	key = add(stage, "openai", SECRET);
	assert_string_equal(key->hint, "WXYZ");
	assert_int_equal(key->requests_per_minute, 10);
	snprintf(id, sizeof id, "%s", key->id);
	again.provider = (char *)"openai";
	again.secret = secret;
	stage_fails(stage, chat_v1_add_provider_key, &again, &twice, ALREADY_EXISTS,
		    "provider_key_exists");
	for (stage->replica = CHAT_A; stage->replica <= CHAT_B; stage->replica++)
		eventually(is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
	stage->replica = CHAT_B;
	set_enabled(stage, id, false);
	assert_true(is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__DISABLED));
	set_enabled(stage, id, true);
	gone.key = id;
	stage_ok(stage, chat_v1_delete_provider_key, &gone, &empty);
	assert_null(listed(stage, id));
	stage_fails(stage, chat_v1_delete_provider_key, &gone, &empty, NOT_FOUND, "not_found");
	assert_false(process_said(CHAT_A, SECRET));
	assert_false(process_said(CHAT_B, SECRET));
}

static void others_may_not(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListProviderKeysRequest req = CHAT__V1__LIST_PROVIDER_KEYS_REQUEST__INIT;
	Chat__V1__ListProviderKeysResponse *resp;

	stage_fails(stage, chat_v1_list_provider_keys, &req, &resp, PERMISSION_DENIED,
		    "role_required");
}

int key_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_row_opens_by_its_master_key_alone),
		TEST(a_short_master_key_is_refused),
		TEST(handlers_cannot_read_a_secret),
		TEST(two_replicas_fill_a_minute_and_no_more),
		TEST(no_window_of_a_minute_has_more),
		TEST(a_key_comes_and_goes_without_a_restart),
		TEST(others_may_not),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
