/* Files with chats, from their upload to the chats; and exports, from the chats to a file that can be
 * imported again. */
#include "transfer_test.h"

#include "google/api/httpbody.pb-c.h"

#include <signal.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

#define MIB (1 << 20)

/* ---------------------------------------------------------------- files */

static void add_chat(struct buf *out, int number, const char *text)
{
	buf_addf(out,
		 "%s{\"conversation_id\":\"c%d\",\"title\":\"Chat %d\",\"create_time\":17000%05d,"
		 "\"current_node\":\"b\",\"mapping\":{\"a\":{\"parent\":null,\"message\":{"
		 "\"author\":"
		 "{\"role\":\"user\"},\"content\":{\"content_type\":\"text\",\"parts\":[\"%s\"]}}},"
		 "\"b\":{\"parent\":\"a\",\"message\":{\"author\":{\"role\":\"assistant\"},"
		 "\"content\":{\"content_type\":\"text\",\"parts\":[\"answer %d\"]}}}}}",
		 number ? "," : "", number, number, number % 100000, text, number);
}

/* n chats of ChatGPT. */
struct buf import_some(int n, const char *text)
{
	struct buf out;

	buf_init(&out, 256 * MIB);
	buf_addc(&out, '[');
	for (int i = 0; i < n; i++)
		add_chat(&out, i, text);
	buf_addc(&out, ']');
	return out;
}

struct buf import_zip(const struct member *members, size_t n)
{
	char path[128];
	zipFile zip;
	struct buf out;
	FILE *in;

	snprintf(path, sizeof path, "%s/import.zip", process_directory());
	unlink(path);
	zip = zipOpen64(path, APPEND_STATUS_CREATE);
	ensure(zip);
	for (size_t i = 0; i < n; i++) {
		const struct member *one = &members[i];
		zip_fileinfo info = {0};

		ensure(zipOpenNewFileInZip3_64(zip, one->name, &info, NULL, 0, NULL, 0, NULL,
					       Z_DEFLATED, 6, 0, -MAX_WBITS, DEF_MEM_LEVEL,
					       Z_DEFAULT_STRATEGY, one->password,
					       crc32(0, one->data, (uInt)one->len), 0) == ZIP_OK);
		ensure(zipWriteInFileInZip(zip, one->data, (unsigned)one->len) == ZIP_OK);
		ensure(zipCloseFileInZip(zip) == ZIP_OK);
	}
	ensure(zipClose(zip, NULL) == ZIP_OK);
	buf_init(&out, 64 * MIB);
	in = fopen(path, "rb");
	ensure(in);
	for (int c; (c = fgetc(in)) != EOF;)
		buf_addc(&out, (char)c);
	fclose(in);
	return out;
}

/* ---------------------------------------------------------------- calls */

static enum status send_piece(struct stage *stage, const char *import, int64_t size, int64_t offset,
			      const void *data, size_t len, Chat__V1__Import **ret)
{
	Chat__V1__ImportChatsRequest req = CHAT__V1__IMPORT_CHATS_REQUEST__INIT;
	Google__Api__HttpBody body = GOOGLE__API__HTTP_BODY__INIT;

	body.data = (ProtobufCBinaryData){len, (uint8_t *)data};
	req.body = &body;
	req.size = size;
	req.import = (char *)import;
	req.offset = offset;
	return stage_call(stage, chat_v1_import_chats, &req, ret);
}

static char *upload(struct stage *stage, const struct buf *file, size_t step)
{
	Chat__V1__Import *import;
	char *id = (char *)"";

	for (size_t at = 0; at < file->len; at += step) {
		size_t rest = file->len - at;

		if (send_piece(stage, id, (int64_t)file->len, (int64_t)at, file->data + at,
			       rest < step ? rest : step, &import) != OK)
			fail_msg("%s %s", stage->err.reason, stage->err.message);
		id = import->id;
	}
	return id;
}

static Chat__V1__Import *look(struct stage *stage, const char *id)
{
	Chat__V1__GetImportRequest req = CHAT__V1__GET_IMPORT_REQUEST__INIT;
	Chat__V1__Import *import;

	req.import = (char *)id;
	stage_ok(stage, chat_v1_get_import, &req, &import);
	return import;
}

static Chat__V1__Import *wait_over(struct stage *stage, const char *id)
{
	Chat__V1__Import *import = NULL;

	eventually((import = look(stage, id))->end_time);
	return import;
}

static Chat__V1__Import *import_all(struct stage *stage, const struct buf *file)
{
	return wait_over(stage, upload(stage, file, 4 * MIB));
}

void import_expect(struct stage *stage, struct buf file, const char *error, int imported,
		   int unchanged, int skipped)
{
	Chat__V1__Import *import = import_all(stage, &file);

	assert_string_equal(import->error, error);
	assert_int_equal(import->state,
			 *error ? CHAT__V1__IMPORT__STATE__FAILED : CHAT__V1__IMPORT__STATE__DONE);
	assert_int_equal(import->imported, imported);
	assert_int_equal(import->unchanged, unchanged);
	assert_int_equal(import->skipped_count, skipped);
	buf_done(&file);
}

struct buf import_text(const char *json)
{
	struct buf out;

	buf_init(&out, MIB);
	buf_adds(&out, json);
	return out;
}

/* Of the user; %s: its id. */
const char *import_ask(struct stage *stage, const char *sql)
{
	return pg_value(arena_printf(stage->arena, sql, stage->as));
}

/* ---------------------------------------------------------------- imports */

static void chats_come_once(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListImportItemsRequest req = CHAT__V1__LIST_IMPORT_ITEMS_REQUEST__INIT;
	Chat__V1__ListImportsRequest all = CHAT__V1__LIST_IMPORTS_REQUEST__INIT;
	Chat__V1__ListImportItemsResponse *items;
	Chat__V1__ListImportsResponse *imports;
	Chat__V1__ListMessagesResponse *messages;

	import_expect(stage, import_some(3, "q"), "", 3, 0, 0);
	import_expect(stage, import_some(4, "changed"), "", 1, 3, 0);
	import_expect(stage, import_some(4, "q"), "", 0, 4, 0);
	assert_string_equal(
		import_ask(stage, "SELECT count(*) FROM chat.chat WHERE user_id = '%s'"), "4");
	assert_string_equal(
		import_ask(stage, "SELECT count(*) FROM chat.import_piece WHERE user_id = '%s'"),
		"0");
	stage_ok(stage, chat_v1_list_imports, &all, &imports);
	assert_int_equal(imports->n_imports, 3);
	req.import = imports->imports[1]->id;
	stage_ok(stage, chat_v1_list_import_items, &req, &items);
	assert_int_equal(items->n_items, 4);
	assert_string_equal(items->items[0]->source, "c0");
	assert_string_equal(items->items[0]->reason, "ALREADY_THERE");
	assert_int_equal(items->items[3]->outcome, CHAT__V1__IMPORT_ITEM__OUTCOME__IMPORTED);
	messages = stage_messages(stage, items->items[3]->chat);
	assert_int_equal(messages->n_messages, 2);
	assert_string_equal(messages->messages[0]->text, "changed");
	assert_string_equal(messages->messages[1]->text, "answer 3");
}

static int lists(struct stage *stage)
{
	Chat__V1__ListImportsRequest req = CHAT__V1__LIST_IMPORTS_REQUEST__INIT;
	Chat__V1__ListImportsResponse *resp;

	stage_ok(stage, chat_v1_list_imports, &req, &resp);
	return (int)resp->n_imports;
}

/* … when it was deleted: the copy is a chat of its own. Of many imports the newest lists stay. */
static void a_deleted_chat_comes_again(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteChatRequest req = CHAT__V1__DELETE_CHAT_REQUEST__INIT;
	Google__Protobuf__Empty *nothing;

	import_expect(stage, import_some(2, "q"), "", 2, 0, 0);
	req.chat = arena_strdup(stage->arena,
				import_ask(stage, "SELECT id FROM chat.chat WHERE user_id = "
						  "'%s' AND title = 'Chat 1'"));
	stage_ok(stage, chat_v1_delete_chat, &req, &nothing);
	import_expect(stage, import_some(2, "q"), "", 1, 1, 0);
	import_expect(stage, import_some(2, "q"), "", 0, 2, 0);
	assert_string_equal(
		import_ask(stage,
			   "SELECT count(*) FILTER (WHERE delete_time IS NULL) || ' ' || count(*) "
			   "FROM chat.chat WHERE user_id = '%s'"),
		"2 3");
	for (int i = 0; i < 9; i++)
		import_expect(stage, import_text("[]"), "", 0, 0, 0);
	assert_int_equal(lists(stage), 11); /* imports.kept_per_user, and the newest */
}

/* An imported chat is one as any other: it goes on. */
static void a_chat_goes_on(void **state)
{
	struct stage *stage = *state;
	char *chat;

	import_expect(stage, import_some(1, "q"), "", 1, 0, 0);
	chat = arena_strdup(stage->arena,
			    import_ask(stage, "SELECT id FROM chat.chat WHERE user_id = '%s'"));
	reader_free(stage_answer(stage, chat, "c [[say:d]]"));
	assert_int_equal(stage_messages(stage, chat)->n_messages, 4);
}

static void zips_are_read(void **state)
{
	struct stage *stage = *state;
	struct buf first = import_some(2, "q"),
		   second = import_text("[{\"conversation_id\":\"z\",\"mapping\":{"
					"\"a\":{\"message\":{\"author\":{\"role\":"
					"\"user\"},\"content\":{\"parts\":[\"x\"],"
					"\"content_type\":\"text\"}}}}}]");
	const struct member files[] = {
		{"user.json", "{\"id\":1}", 8, NULL},
		{"../../etc/conversations-000.json", first.data, first.len, NULL},
		{"export/Conversations-001.json", second.data, second.len, NULL},
		{"__MACOSX/conversations-001.json", "junk", 4, NULL},
		{"file-1.png", "png", 3, NULL},
	};
	const struct member other[] = {{"chat-export.json", second.data, second.len, NULL}};
	struct buf broken = import_zip(files, ARRAY_SIZE(files));

	import_expect(stage, import_zip(files, ARRAY_SIZE(files)), "", 3, 0, 0);
	import_expect(stage, import_zip(other, 1), "", 0, 1, 0);
	memset(broken.data + 60, 0x55, 40);
	import_expect(stage, broken, "DAMAGED", 0, 0, 0);
	import_expect(stage, import_text("PK\003\004 no zip at all"), "DAMAGED", 0, 0, 0);
	buf_done(&first);
	buf_done(&second);
}

/* The files of every program, twice, and in one ZIP. */
static void fixtures_come_once(void **state)
{
	static const struct {
		const char *name;
		int come, left_out;
	} files[] = {
		{"chatgpt", 19, 1},    {"claude", 15, 2},    {"librechat", 15, 1},
		{"open_webui", 17, 1}, {"limitless", 12, 1},
	};
	struct stage *stage = *state;
	struct member members[ARRAY_SIZE(files)];
	struct buf all[ARRAY_SIZE(files)];
	int come = 0, left_out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		all[i] = fixture_read(files[i].name, "json");
		members[i] = (struct member){files[i].name, all[i].data, all[i].len, NULL};
		members[i].name = arena_printf(stage->arena, "%s.json", files[i].name);
		come += files[i].come;
		left_out += files[i].left_out;
		import_expect(stage, fixture_read(files[i].name, "json"), "", files[i].come, 0,
			      files[i].left_out);
	}
	import_expect(stage, import_zip(members, ARRAY_SIZE(files)), "", 0, come, left_out);
	stage->as = stage->other;
	import_expect(stage, import_zip(members, ARRAY_SIZE(files)), "", come, 0, left_out);
	stage->as = stage->user;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		buf_done(&all[i]);
}

static void what_cannot_come_is_told(void **state)
{
	struct stage *stage = *state;
	struct buf large = import_some(1, "q");

	import_expect(stage, import_text("<html>"), "NOT_AN_EXPORT", 0, 0, 0);
	import_expect(stage, import_text("[]"), "", 0, 0, 0);
	import_expect(stage, import_text("[{\"a\":1},{\"mapping\":{}},{\"mapping\":"), "", 0, 0, 3);
	assert_string_equal(
		import_ask(stage,
			   "SELECT string_agg(reason, ' ' ORDER BY number) FROM chat.import_item"
			   " WHERE user_id = '%s'"),
		"NOT_A_CHAT EMPTY CUT_OFF");
	pg_exec(arena_printf(stage->arena,
			     "UPDATE chat.user_total SET bytes = 1073741820 WHERE user_id = '%s'",
			     stage->as));
	import_expect(stage, large, "", 0, 0, 1);
	assert_string_equal(import_ask(stage,
				       "SELECT reason FROM chat.import_item WHERE user_id = '%s'"
				       " ORDER BY import_id DESC LIMIT 1"),
			    "STORAGE_FULL");
	pg_exec(arena_printf(stage->arena,
			     "UPDATE chat.user_total SET bytes = 0 WHERE user_id = '%s'",
			     stage->as));
}

static void pieces_come_in_any_way(void **state)
{
	struct stage *stage = *state;
	struct buf file = import_some(3, "q");
	Chat__V1__CancelImportRequest cancel = CHAT__V1__CANCEL_IMPORT_REQUEST__INIT;
	Chat__V1__GetImportRequest get = CHAT__V1__GET_IMPORT_REQUEST__INIT;
	Google__Protobuf__Empty *nothing;
	Chat__V1__Import *import, *second;
	int64_t size = (int64_t)file.len;

	assert_int_equal(send_piece(stage, "", size, 0, file.data, 100, &import), OK);
	assert_int_equal(import->state, CHAT__V1__IMPORT__STATE__UPLOADING);
	assert_int_equal(send_piece(stage, import->id, 0, 0, file.data, 100, &import), OK);
	assert_int_equal(import->received, 100);
	assert_int_equal(send_piece(stage, import->id, 0, 150, file.data + 150, 9, &second),
			 FAILED_PRECONDITION);
	assert_string_equal(stage->err.reason, "import_gap");
	assert_int_equal(send_piece(stage, import->id, 0, 100, file.data, file.len, &second),
			 INVALID_ARGUMENT);
	/* Others do not see it. */
	stage->as = stage->other;
	get.import = cancel.import = import->id;
	stage_fails(stage, chat_v1_get_import, &get, &second, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_cancel_import, &cancel, &nothing, NOT_FOUND, "not_found");
	assert_int_equal(send_piece(stage, import->id, 0, 100, file.data, 1, &second), NOT_FOUND);
	stage->as = stage->user;
	/* imports.per_user */
	assert_int_equal(send_piece(stage, "", size, 0, file.data, 1, &second), OK);
	assert_int_equal(send_piece(stage, "", size, 0, file.data, 1, &second), RESOURCE_EXHAUSTED);
	assert_string_equal(stage->err.reason, "imports_full");
	stage_ok(stage, chat_v1_cancel_import, &cancel, &nothing);
	assert_int_equal(look(stage, import->id)->state, CHAT__V1__IMPORT__STATE__CANCELLED);
	assert_int_equal(send_piece(stage, import->id, 0, 100, file.data, 1, &second),
			 FAILED_PRECONDITION);
	assert_string_equal(stage->err.reason, "import_over");
	assert_int_equal(send_piece(stage, "", 1LL << 39, 0, file.data, 1, &second),
			 INVALID_ARGUMENT);
	assert_string_equal(stage->err.reason, "import_too_large");
	import = wait_over(stage, upload(stage, &file, 77));
	assert_int_equal(import->imported, 3);
	buf_done(&file);
}

/* A replica is killed while it reads; the others go on where it stopped. */
static void a_killed_replica_leaves_nothing_twice(void **state)
{
	struct stage *stage = *state;
	struct buf file = import_some(6000, "a question of some length, as people ask them");
	Chat__V1__Import *import;
	const char *id;

	stage->replica = CHAT_B;
	id = upload(stage, &file, 4 * MIB);
	for (int i = 1; i <= 3; i++) {
		eventually((import = look(stage, id))->imported >= 600 * i || import->end_time);
		process_kill(CHAT_A, SIGKILL);
		process_start(CHAT_A);
	}
	import = wait_over(stage, id);
	assert_int_equal(import->imported, 6000);
	assert_int_equal(import->state, CHAT__V1__IMPORT__STATE__DONE);
	assert_string_equal(import_ask(stage,
				       "SELECT count(*) || ' ' || count(DISTINCT title) FROM "
				       "chat.chat WHERE user_id = '%s'"),
			    "6000 6000");
	assert_string_equal(
		import_ask(stage, "SELECT count(*) FROM chat.message WHERE user_id = '%s'"),
		"12000");
	buf_done(&file);
}

/* ---------------------------------------------------------------- exports */

struct download {
	pthread_mutex_t lock;
	struct buf text;
	bool ended;
	enum status status;
	char reason[64], type[64];
};

static bool on_piece(_unused_ struct rpc_client_call *call, const ProtobufCMessage *message,
		     void *ctx)
{
	const Google__Api__HttpBody *body = (const Google__Api__HttpBody *)message;
	struct download *download = ctx;

	pthread_mutex_lock(&download->lock);
	if (*body->content_type)
		snprintf(download->type, sizeof download->type, "%s", body->content_type);
	buf_add(&download->text, body->data.data, body->data.len);
	pthread_mutex_unlock(&download->lock);
	return true;
}

static void on_end(_unused_ struct rpc_client_call *call, enum status status,
		   const struct error *err, void *ctx)
{
	struct download *download = ctx;

	pthread_mutex_lock(&download->lock);
	download->status = status;
	if (status != OK)
		snprintf(download->reason, sizeof download->reason, "%s", err->reason);
	download->ended = true;
	pthread_mutex_unlock(&download->lock);
}

static bool has_ended(struct download *download)
{
	bool ended;

	pthread_mutex_lock(&download->lock);
	ended = download->ended;
	pthread_mutex_unlock(&download->lock);
	return ended;
}

/* chat NULL: all. */
static struct download export(struct stage *stage, const char *chat, bool markdown)
{
	static const struct rpc_client_hooks hooks = {.on_message = on_piece, .on_end = on_end};
	struct download download = {.lock = PTHREAD_MUTEX_INITIALIZER};
	Chat__V1__ExportChatRequest one = CHAT__V1__EXPORT_CHAT_REQUEST__INIT;
	Chat__V1__ExportChatsRequest all = CHAT__V1__EXPORT_CHATS_REQUEST__INIT;

	buf_init(&download.text, 64 * MIB);
	one.chat = (char *)chat;
	one.format = all.format = markdown ? CHAT__V1__EXPORT_CHAT_REQUEST__FORMAT__MARKDOWN
					   : CHAT__V1__EXPORT_CHAT_REQUEST__FORMAT__JSON;
	if (chat)
		chat_v1_export_chat_open(stage_channel(stage), stage_options(stage), &one, &hooks,
					 &download);
	else
		chat_v1_export_chats_open(stage_channel(stage), stage_options(stage), &all, &hooks,
					  &download);
	eventually(has_ended(&download));
	return download;
}

/* All that a user sees of the chats, without ids. */
static char *all_chats(struct stage *stage)
{
	return arena_strdup(
		stage->arena,
		import_ask(
			stage,
			"SELECT string_agg(concat_ws('|', c.title, c.model, c.pinned, c.archived, "
			"c.create_time, c.update_time, c.messages, m.depth, m.position, p.depth, "
			"p.position, m.role, m.state, m.text, m.reasoning, m.items, m.tokens, "
			"m.model, "
			"m.create_time, m.id = c.leaf_id, j.depth, j.position), E'\\n' ORDER BY "
			"c.title, m.id) FROM chat.chat c LEFT JOIN chat.message m ON m.chat_id = "
			"c.id "
			"LEFT JOIN chat.message p ON p.id = m.parent_id LEFT JOIN chat.message j "
			"ON "
			"j.id = m.jump_id WHERE c.user_id = '%s'"));
}

/* A random tree in our own format. */
static void add_random_chat(struct buf *out, unsigned *seed, int number)
{
	static const char *const words[] = {"q \\\"x\\\" \\\\", "\\u00e9\\ud83d\\ude00", "a\\nb\\t",
					    "", "\\u0001 \\u2028 <b>"};
	static const char *const states[] = {"DONE", "FAILED", "CANCELLED"};
	int n = 1 + rand_r(seed) % 40;

	buf_addf(
		out,
		"%s{\"format\":\"limitless-chat/1\",\"id\":\"s%d\",\"title\":\"Chat %d\",\"model\":"
		"\"free\",\"pinned\":%s,\"archived\":%s,\"createTime\":\"2024-01-02T03:04:05."
		"678901Z"
		"\",\"updateTime\":\"2024-02-02T03:04:05Z\",\"leaf\":\"m%d\",\"messages\":[",
		number ? "," : "", number, number, rand_r(seed) % 2 ? "true" : "false",
		rand_r(seed) % 2 ? "true" : "false", rand_r(seed) % n);
	for (int i = 0; i < n; i++) {
		char parent[16] = "";

		if (i > 0 && rand_r(seed) % 20)
			snprintf(parent, sizeof parent, "m%d", rand_r(seed) % i);
		buf_addf(out,
			 "%s{\"id\":\"m%d\",\"parent\":\"%s\",\"role\":\"%s\",\"state\":\"%s\","
			 "\"text\":\"%s\",\"reasoning\":\"%s\",\"model\":\"m\",\"createTime\":"
			 "\"2024-01-0%dT00:00:00.5Z\",\"items\":[%s]}",
			 i ? "," : "", i, parent, rand_r(seed) % 2 ? "USER" : "ASSISTANT",
			 states[rand_r(seed) % 3], words[rand_r(seed) % 5], words[rand_r(seed) % 5],
			 1 + rand_r(seed) % 9, rand_r(seed) % 2 ? "{\"a\":1},{\"b\":\"x\"}" : "");
	}
	buf_adds(out, "]}");
}

static void an_export_gives_the_same_trees(void **state)
{
	struct stage *stage = *state;
	unsigned seed = (unsigned)time(NULL);
	struct download download;
	struct buf file;
	char *before;

	print_message("# seed %u\n", seed);
	buf_init(&file, 16 * MIB);
	buf_addc(&file, '[');
	for (int i = 0; i < 60; i++)
		add_random_chat(&file, &seed, i);
	buf_addc(&file, ']');
	import_expect(stage, file, "", 60, 0, 0);
	before = all_chats(stage);
	download = export(stage, NULL, false);
	assert_int_equal(download.status, OK);
	assert_string_equal(download.type, "application/json");
	stage->as = stage->other;
	import_expect(stage, download.text, "", 60, 0, 0);
	assert_string_equal(all_chats(stage), before);
	stage->as = stage->user;
}

/* A project with two prompts, and a chat in it. */
static void make_project(struct stage *stage)
{
	Chat__V1__CreateProjectRequest req = CHAT__V1__CREATE_PROJECT_REQUEST__INIT;
	Chat__V1__CreateProjectPromptRequest prompt = CHAT__V1__CREATE_PROJECT_PROMPT_REQUEST__INIT;
	Chat__V1__CreateChatRequest chat = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__Project *project;
	Chat__V1__ProjectPrompt *made;
	Chat__V1__Chat *in_it;

	req.name = (char *)"Otters \"north\"";
	req.description = (char *)"d";
	req.colour = (char *)"#00aaff";
	req.icon = (char *)"fish";
	req.instructions = (char *)"Be \\ short.\n";
	stage_ok(stage, chat_v1_create_project, &req, &project);
	prompt.project = chat.project = project->id;
	prompt.title = (char *)"first";
	prompt.text = (char *)"\u00e9 [one]";
	stage_ok(stage, chat_v1_create_project_prompt, &prompt, &made);
	prompt.text = (char *)"two";
	prompt.disabled = true;
	stage_ok(stage, chat_v1_create_project_prompt, &prompt, &made);
	chat.title = (char *)"in it";
	stage_ok(stage, chat_v1_create_chat, &chat, &in_it);
	reader_free(stage_answer(stage, in_it->id, "a [[say:b]]"));
}

/* Projects with their prompts and how many chats are in each. */
static char *all_projects(struct stage *stage)
{
	return arena_strdup(
		stage->arena,
		import_ask(
			stage,
			"SELECT string_agg(concat_ws('|', p.name, p.description, p.colour, "
			"p.icon, p.instructions, p.tokens, p.default_model, (SELECT "
			"string_agg(concat_ws('|', r.title, r.text, r.tokens, r.enabled, "
			"r.position), ' ' ORDER BY r.position) FROM chat.project_prompt r WHERE "
			"r.project_id = p.id), (SELECT count(*) FROM chat.chat c WHERE "
			"c.project_id = p.id)), E'\\n' ORDER BY p.name) FROM chat.project p WHERE "
			"p.user_id = '%s' AND p.delete_time IS NULL"));
}

static void delete_projects(struct stage *stage)
{
	Chat__V1__DeleteProjectRequest req = CHAT__V1__DELETE_PROJECT_REQUEST__INIT;
	Google__Protobuf__Empty *nothing;

	req.project = arena_strdup(stage->arena, import_ask(stage, "SELECT id FROM chat.project "
								   "WHERE user_id = '%s'"));
	stage_ok(stage, chat_v1_delete_project, &req, &nothing);
}

static struct buf copy_of(const struct buf *text)
{
	struct buf copy;

	buf_init(&copy, 64 * MIB);
	buf_add(&copy, text->data, text->len);
	return copy;
}

static void projects_come_with_their_chats(void **state)
{
	struct stage *stage = *state;
	struct download download;
	char *before;

	make_project(stage);
	before = all_projects(stage);
	download = export(stage, NULL, false);
	assert_int_equal(download.status, OK);
	/* The owner has the project already; the copy of the chat is in it. */
	import_expect(stage, copy_of(&download.text), "", 1, 0, 0);
	assert_string_equal(import_ask(stage,
				       "SELECT count(*) || ' ' || count(DISTINCT project_id) "
				       "FROM chat.chat WHERE user_id = '%s'"),
			    "2 1");
	stage->as = stage->other;
	import_expect(stage, copy_of(&download.text), "", 1, 0, 0);
	import_expect(stage, copy_of(&download.text), "", 0, 1, 0);
	assert_string_equal(all_projects(stage), before);
	/* A copy that was deleted stays so, and what comes is in no project. */
	delete_projects(stage);
	pg_exec(arena_printf(stage->arena,
			     "UPDATE chat.chat SET delete_time = now() WHERE user_id = '%s'",
			     stage->as));
	import_expect(stage, copy_of(&download.text), "", 1, 0, 0);
	assert_string_equal(import_ask(stage, "SELECT count(*) FROM chat.chat WHERE user_id = '%s' "
					      "AND project_id IS NULL AND delete_time IS NULL"),
			    "1");
	import_expect(stage,
		      import_text("[{\"format\":\"limitless-project/1\",\"id\":\"no uuid\"}]"), "",
		      0, 0, 1);
	stage->as = stage->user;
	buf_done(&download.text);
}

static void a_chat_becomes_a_file(void **state)
{
	struct stage *stage = *state;
	char *chat = stage_new_chat(stage, FREE);
	struct download download;

	reader_free(stage_answer(stage, chat, "a [[say:**b**]]"));
	download = export(stage, chat, true);
	assert_int_equal(download.status, OK);
	assert_string_equal(download.type, "text/markdown; charset=utf-8");
	assert_non_null(strstr(buf_text(&download.text),
			       "## You\n\na [[say:**b**]]\n\n## free\n\n**b**\n"));
	buf_done(&download.text);
	download = export(stage, chat, false);
	assert_non_null(strstr(buf_text(&download.text), "\"text\":\"**b**\""));
	buf_done(&download.text);
	stage->as = stage->other;
	download = export(stage, chat, false);
	assert_int_equal(download.status, NOT_FOUND);
	assert_string_equal(download.reason, "not_found");
	buf_done(&download.text);
	download = export(stage, NULL, false);
	assert_string_equal(buf_text(&download.text), "[\n]\n");
	buf_done(&download.text);
	stage->as = stage->user;
}

int import_tests(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(chats_come_once),
		TEST(a_deleted_chat_comes_again),
		TEST(a_chat_goes_on),
		TEST(zips_are_read),
		TEST(fixtures_come_once),
		TEST(what_cannot_come_is_told),
		TEST(pieces_come_in_any_way),
		TEST(a_killed_replica_leaves_nothing_twice),
		TEST(an_export_gives_the_same_trees),
		TEST(projects_come_with_their_chats),
		TEST(a_chat_becomes_a_file),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
