/* Keys of providers: sealed rows, the minute that replicas share, and what administrators do. */
#include "../chat_test.h"
#include "chat/key/vault.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define MASTER "0123456789abcdef0123456789abcdef master"
#define OTHER_MASTER "fedcba9876543210fedcba9876543210 other"
#define SECRET "sk-test-0123456789abcdef-WXYZ"

/* On CHAT_A, then on CHAT_B, which the next calls go to. */
#define eventually_on_both(stage, condition) \
	do {                                 \
		(stage)->replica = CHAT_A;   \
		eventually(condition);       \
		(stage)->replica = CHAT_B;   \
		eventually(condition);       \
	} while (0)

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
		id,  "demo", "", vault_seal(vault, arena, "demo", id, secret), vault->master.id,
		"7", "64"};
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
	eventually_on_both(stage, is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
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

/* ---------------------------------------------------------------- answers by added keys */

/* Adds a key of RENTED's provider; both replicas use it alone. */
static void rent(struct stage *stage, int32_t limit, char id[UUID_SIZE])
{
	Chat__V1__AddProviderKeyRequest req = CHAT__V1__ADD_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__Int32Value value = GOOGLE__PROTOBUF__INT32_VALUE__INIT;
	char secret[80];
	Chat__V1__ProviderKey *key;

	stage->admin = true;
	snprintf(secret, sizeof secret, "sk-rented-%s", stage->user);
	value.value = limit;
	req.provider = (char *)RENTED;
	req.secret = secret;
	req.requests_per_minute = &value;
	stage_ok(stage, chat_v1_add_provider_key, &req, &key);
	snprintf(id, UUID_SIZE, "%s", key->id);
	eventually_on_both(stage, is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
	stage->replica = CHAT_A;
}

static void give_back(struct stage *stage, char *id)
{
	Chat__V1__DeleteProviderKeyRequest gone = CHAT__V1__DELETE_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__Empty *empty;

	gone.key = id;
	stage_ok(stage, chat_v1_delete_provider_key, &gone, &empty);
}

static int32_t uses_of(struct stage *stage, const char *id)
{
	return listed(stage, id)->recent_uses;
}

/* Asks n times at once, each time the other replica. Those without room are told so. */
static void expect_room(struct stage *stage, int n, int room)
{
	struct reader *readers[20];
	char users[20][UUID_SIZE];
	int done = 0;

	ensure(n <= (int)ARRAY_SIZE(readers));
	for (int i = 0; i < n; i++) {
		stage->replica = i % 2 ? CHAT_B : CHAT_A;
		uuid_v7(users[i]);
		stage->as = users[i];
		readers[i] = reader_generate(stage, stage_new_chat(stage, RENTED), "[[say:ok]]");
	}
	stage->as = stage->user;
	for (int i = 0; i < n; i++) {
		reader_wait_end(readers[i]);
		done += readers[i]->done;
		if (!readers[i]->done)
			reader_expect_failed(readers[i], "PROVIDER_BUSY");
		reader_free(readers[i]);
	}
	assert_int_equal(done, room);
}

static void set_limit(struct stage *stage, char *id, int32_t limit)
{
	Chat__V1__UpdateProviderKeyRequest req = CHAT__V1__UPDATE_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	char path[] = "requests_per_minute", *paths[] = {path};
	Chat__V1__ProviderKey *key;

	mask.n_paths = 1;
	mask.paths = paths;
	req.key = id;
	req.requests_per_minute = limit;
	req.update_mask = &mask;
	stage_ok(stage, chat_v1_update_provider_key, &req, &key);
	assert_int_equal(key->requests_per_minute, limit);
}

static bool has_room(struct stage *stage)
{
	_cleanup_(reader_freep) struct reader *reader =
		reader_generate(stage, stage_new_chat(stage, RENTED), "[[say:ok]]");

	reader_wait_end(reader);
	return reader->done;
}

static void replicas_share_the_minute_of_a_key(void **state)
{
	struct stage *stage = *state;
	char id[UUID_SIZE];

	rent(stage, 10, id);
	expect_room(stage, 14, 10);
	assert_int_equal(uses_of(stage, id), 10);
	set_limit(stage, id, 12); /* in force without a restart, on both */
	eventually_on_both(stage, has_room(stage));
	assert_int_equal(uses_of(stage, id), 12);
	expect_room(stage, 4, 0);
	set_limit(stage, id, 0);
	eventually_on_both(stage, has_room(stage));
	expect_room(stage, 14, 14);
	give_back(stage, id);
}

/* In the background nobody is told: the answer waits until there is room. */
static void in_the_background_it_waits_for_room(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *generation;
	char id[UUID_SIZE], text[] = "[[say:later]]";

	rent(stage, 1, id);
	assert_true(has_room(stage));
	req.chat = stage_new_chat(stage, RENTED);
	req.text = text;
	req.mode = CHAT__V1__MODE__BACKGROUND;
	stage_ok(stage, chat_v1_start_generation, &req, &generation);
	eventually(stage_generation(stage, generation->id)->state ==
		   CHAT__V1__GENERATION__STATE__WAITING);
	set_limit(stage, id, 2);
	eventually(stage_generation(stage, generation->id)->state ==
		   CHAT__V1__GENERATION__STATE__DONE);
	assert_int_equal(uses_of(stage, id), 2);
	give_back(stage, id);
}

/* The use of a killed replica counts, and no other is lost. */
static void a_killed_replica_takes_its_use_along(void **state)
{
	struct stage *stage = *state;
	_cleanup_(reader_freep) struct reader *rest = NULL;
	struct reader *first;
	char id[UUID_SIZE];

	rent(stage, 5, id);
	first = reader_generate(stage, stage_new_chat(stage, RENTED),
				"count [[tokens:30]] [[pace:40]]");
	reader_wait_text(first, 10);
	assert_int_equal(uses_of(stage, id), 1);
	stage->replica = CHAT_B;
	rest = reader_watch(stage, first->generation, "");
	process_kill(CHAT_A, SIGKILL);
	reader_expect_done(rest, CHAT__V1__STOP_REASON__STOP);
	process_start(CHAT_A);
	reader_free(first);
	assert_int_equal(uses_of(stage, id), 2);
	eventually(is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
	stage->replica = CHAT_A;
	eventually(is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
	expect_room(stage, 6, 3);
	give_back(stage, id);
}

/* A number of the replica's metrics. */
static int metric_of(enum process_name name, const char *line)
{
	char command[300], text[64] = "";
	FILE *pipe;

	snprintf(command, sizeof command,
		 "curl -sS --unix-socket %s/%s.admin http://replica/metrics | grep '^%s ' | "
		 "sed 's/.* //'",
		 process_directory(), name == CHAT_A ? "chat-a" : "chat-b", line);
	pipe = popen(command, "r");
	ensure(pipe);
	if (!fgets(text, sizeof text, pipe))
		text[0] = '\0';
	pclose(pipe);
	return (int)strtol(text, NULL, 10);
}

static void a_refused_key_is_off_until_it_is_enabled(void **state)
{
	struct stage *stage = *state;
	_cleanup_(reader_freep) struct reader *refused = NULL, *none = NULL;
	char id[UUID_SIZE], text[200];

	rent(stage, 0, id);
	snprintf(text, sizeof text, "[[fault:401 times=1 key=%s]]", stage->user);
	refused = reader_generate(stage, stage_new_chat(stage, RENTED), text);
	reader_expect_failed(refused, "PROVIDER_ACCOUNT");
	eventually_on_both(stage, is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__REFUSED));
	eventually_on_both(stage, metric_of(stage->replica, "chat_provider_keys_off") == 1);
	assert_int_equal(metric_of(CHAT_A, "chat_provider_keys_refused_total{provider=\"rented\"}"),
			 1);
	assert_true(process_said(CHAT_A, "\"provider_key_refused\",\"provider\":\"rented\""));
	stage->replica = CHAT_B; /* which asked for nothing */
	none = reader_generate(stage, stage_new_chat(stage, RENTED), "[[say:no]]");
	reader_expect_failed(none, "PROVIDER_ACCOUNT");

	set_enabled(stage, id, true);
	eventually_on_both(stage, is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
	eventually_on_both(stage, metric_of(stage->replica, "chat_provider_keys_off") == 0);
	eventually_on_both(stage, has_room(stage));
	give_back(stage, id);
}

/* ---------------------------------------------------------------- keys of chat.yaml */

/* KEYED's provider has two keys in chat.yaml. An added one works beside them; one of theirs that is
 * added becomes an administrator's, with its own limit. */
static void added_keys_stand_beside_those_of_the_file(void **state)
{
	struct stage *stage = *state;
	_cleanup_(reader_freep) struct reader *reader = NULL;
	Chat__V1__DeleteProviderKeyRequest of_file = CHAT__V1__DELETE_PROVIDER_KEY_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__ProviderKey *key;
	char id[UUID_SIZE];

	stage->admin = true;
	pg_exec("DELETE FROM chat.provider_rest"); /* of faults in other tests */
	snprintf(id, sizeof id, "%s",
		 pg_value("SELECT min(id::text) FROM chat.provider_key WHERE provider = 'openai'"));
	assert_int_equal(listed(stage, id)->source, CHAT__V1__PROVIDER_KEY__SOURCE__FILE);
	of_file.key = id;
	stage_fails(stage, chat_v1_delete_provider_key, &of_file, &empty, FAILED_PRECONDITION,
		    "provider_key_of_file");
	key = add(stage, "openai", "one");
	assert_int_equal(key->source, CHAT__V1__PROVIDER_KEY__SOURCE__TABLE);
	assert_int_equal(key->requests_per_minute, 10);
	snprintf(id, sizeof id, "%s", key->id);
	reader = stage_answer(stage, stage_new_chat(stage, KEYED), "hi [[say:still]]");
	assert_string_equal(reader_text(reader), "still");
	give_back(stage, id);
	eventually_on_both(stage, is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
	assert_int_equal(listed(stage, id)->source, CHAT__V1__PROVIDER_KEY__SOURCE__FILE);
}

/* No replica looks between the two. The row of chat.yaml comes back all the same. */
static void a_key_is_added_for_a_moment(void **state)
{
	struct stage *stage = *state;
	char id[UUID_SIZE];

	stage->admin = true;
	snprintf(id, sizeof id, "%s", add(stage, "openai", "one")->id);
	give_back(stage, id);
	eventually_on_both(stage, is_in(stage, id, CHAT__V1__PROVIDER_KEY__STATE__IN_USE));
	assert_int_equal(listed(stage, id)->source, CHAT__V1__PROVIDER_KEY__SOURCE__FILE);
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
		TEST(a_key_comes_and_goes_without_a_restart),
		TEST(replicas_share_the_minute_of_a_key),
		TEST(in_the_background_it_waits_for_room),
		TEST(a_killed_replica_takes_its_use_along),
		TEST(a_refused_key_is_off_until_it_is_enabled),
		TEST(added_keys_stand_beside_those_of_the_file),
		TEST(a_key_is_added_for_a_moment),
		TEST(others_may_not),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
