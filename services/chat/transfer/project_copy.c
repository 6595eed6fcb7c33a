#include "chat/transfer/project_copy.h"

#include "chat/transfer/format.h"
#include "chat/transfer/reader.h"
#include "runtime/base/text.h"

#include <inttypes.h>
#include <string.h>

/* As their columns have them. */
#define NAME_BYTES_MAX 100
#define DESCRIPTION_BYTES_MAX 1000
#define ICON_BYTES_MAX 32
#define PROMPT_BYTES_MAX 32768

struct prompt {
	const char *title, *text;
	bool enabled;
};

struct copy {
	struct arena *arena;
	const struct import_run *run;
	const char *source, *name, *description, *colour, *icon, *instructions, *model;
	char id[UUID_SIZE];
	struct prompt *prompts;
	size_t n;
};

bool project_copy_is(const char *text, size_t len)
{
	struct peek object;

	return peek_object(text, len, &object) &&
	       peek_is(peek_member(object, "format"), PROJECT_FORMAT);
}

void project_copy_id(const char *user, const char *source, char out[UUID_SIZE])
{
	static const struct uuid copies = {{0x3f, 0x6c, 0x55, 0x0d, 0x91, 0x2b, 0x4c, 0x0e, 0xa7,
					    0x1e, 0x90, 0x4d, 0x2f, 0x38, 0x6b, 0xc2}};
	char name[2 * UUID_SIZE];

	snprintf(name, sizeof name, "%s:%s", user, source);
	uuid_v5(&copies, name, out);
}

/* ---------------------------------------------------------------- reading */

static bool is_colour(const char *colour)
{
	return *colour == '#' && strlen(colour) == 7 &&
	       strspn(colour + 1, "0123456789abcdefABCDEF") == 6;
}

/* People edit files, so what a request could not say is left out. */
static void read_prompts(struct chat_reader *reader, struct peek list, struct copy *ret)
{
	const struct chat_conf *conf = ret->run->conf;
	int64_t bytes = (int64_t)strlen(ret->instructions);
	struct peek one;

	ret->prompts =
		arena_array(reader->arena, (size_t)conf->project_prompts_max, sizeof *ret->prompts);
	while (ret->prompts && (int64_t)ret->n < conf->project_prompts_max &&
	       peek_next(&list, &one)) {
		const char *text =
			chat_reader_short(reader, peek_member(one, "text"), PROMPT_BYTES_MAX);
		const char *title =
			chat_reader_short(reader, peek_member(one, "title"), NAME_BYTES_MAX);

		bytes += (int64_t)strlen(text);
		if (bytes > conf->project_bytes_max)
			return;
		if (*text)
			ret->prompts[ret->n++] = (struct prompt){
				.title = text_line(reader->arena, title),
				.text = text,
				.enabled = chat_reader_true(peek_member(one, "enabled")),
			};
	}
}

static void read_copy(struct arena *arena, const char *text, size_t len, struct copy *ret)
{
	struct import_chat none = {0};
	struct chat_reader reader = {.arena = arena, .chat = &none};
	struct peek object = {0};

	(void)peek_object(text, len, &object);
	buf_init(&reader.scratch, 3 * len + 65536);
	ret->source = chat_reader_short(&reader, peek_member(object, "id"), UUID_SIZE - 1);
	ret->name = text_line(
		arena, chat_reader_short(&reader, peek_member(object, "name"), NAME_BYTES_MAX));
	ret->description = chat_reader_short(&reader, peek_member(object, "description"),
					     DESCRIPTION_BYTES_MAX);
	ret->colour = chat_reader_short(&reader, peek_member(object, "colour"), 7);
	if (!is_colour(ret->colour))
		ret->colour = "";
	ret->icon = chat_reader_short(&reader, peek_member(object, "icon"), ICON_BYTES_MAX);
	if (ret->icon[strspn(ret->icon, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		ret->icon = "";
	ret->instructions =
		chat_reader_short(&reader, peek_member(object, "instructions"), PROMPT_BYTES_MAX);
	ret->model =
		chat_reader_short(&reader, peek_member(object, "defaultModel"), MODEL_BYTES_MAX);
	read_prompts(&reader, peek_member(object, "prompts"), ret);
	buf_done(&reader.scratch);
}

/* ---------------------------------------------------------------- storing */

static const char *tokens_of(const struct copy *copy, const char *text)
{
	return db_param_i64(copy->arena, tokens_count(copy->run->tokens, text, strlen(text)));
}

static enum status insert(struct db *db, const struct copy *copy, struct error *reterr)
{
	const int64_t max = copy->run->conf->user_projects_max;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {
		copy->id,           copy->run->user_id,
		copy->name,         copy->description,
		copy->colour,       copy->icon,
		copy->instructions, tokens_of(copy, copy->instructions),
		copy->model,        db_param_i64(copy->arena, max),
	};
	enum status s = db_query(db, &sql_project_insert, params, &rows, reterr);

	if (s == OK && PQntuples(rows) == 0)
		return error_set(reterr, RESOURCE_EXHAUSTED, "projects_full",
				 "the user has %" PRId64 " projects", max);
	for (size_t i = 0; s == OK && i < copy->n; i++) {
		const struct prompt *prompt = &copy->prompts[i];
		char id[UUID_SIZE];
		const char *const values[] = {
			id,
			copy->id,
			copy->run->user_id,
			prompt->title,
			prompt->text,
			tokens_of(copy, prompt->text),
			prompt->enabled ? "true" : "false",
			db_param_i64(copy->arena, (int64_t)i + 1),
		};

		uuid_v7(id);
		s = db_exec(db, &sql_prompt_insert, values, NULL, reterr);
	}
	return s;
}

static enum status store(struct db *db, void *ctx, struct error *reterr)
{
	const struct copy *copy = ctx;
	_cleanup_(PQclearp) PGresult *owner = NULL, *known = NULL;
	const char *const user[] = {copy->run->user_id};
	const char *const ids[] = {copy->source, copy->id};
	enum status s = db_query(db, &sql_project_owner_lock, user, &owner, reterr);

	if (s == OK)
		s = db_query(db, &sql_import_project_known, ids, &known, reterr);
	return s == OK && PQntuples(known) == 0 ? insert(db, copy, reterr) : s;
}

enum status project_copy_store(struct arena *arena, struct db *db, const struct import_run *run,
			       const char *text, size_t len, struct error *reterr)
{
	struct copy copy = {.arena = arena, .run = run};

	read_copy(arena, text, len, &copy);
	if (!uuid_valid(copy.source) || !*copy.name || arena->exhausted)
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid", "it is no project");
	project_copy_id(run->user_id, copy.source, copy.id);
	return db_tx(db, run->user_id, store, &copy, reterr);
}
