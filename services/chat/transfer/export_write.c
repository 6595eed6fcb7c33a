#include "chat/transfer/export_write.h"

#include "chat/transfer/format.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/json/json.h"

#include <string.h>

/* ---------------------------------------------------------------- JSON */

static void add_member(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	json_write_text(out, text, strlen(text));
}

static void add_time(struct buf *out, const char *name, int64_t us)
{
	char time[CLOCK_RFC3339_SIZE];

	clock_rfc3339(us, time);
	add_member(out, name, time);
}

static void json_project(struct buf *out, const PGresult *rows, int row, bool first)
{
	static const struct {
		const char *name, *column;
	} members[] = {
		{"id", "id"},
		{"name", "name"},
		{"description", "description"},
		{"colour", "colour"},
		{"icon", "icon"},
		{"instructions", "instructions"},
		{"defaultModel", "default_model"},
	};

	buf_addf(out, "%s\n{\"format\":\"%s\"", first ? "" : ",", PROJECT_FORMAT);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		add_member(out, members[i].name, db_peek(rows, row, members[i].column));
	buf_addf(out, ",\"prompts\":%s}", db_peek(rows, row, "prompts"));
}

static void json_chat(struct buf *out, const PGresult *rows, int row, bool first)
{
	buf_addf(out, "%s\n{\"format\":\"%s\"", first ? "" : ",", TRANSFER_FORMAT);
	add_member(out, "id", db_peek(rows, row, "id"));
	add_member(out, "title", db_peek(rows, row, "title"));
	add_member(out, "model", db_peek(rows, row, "model"));
	buf_addf(out, ",\"pinned\":%s,\"archived\":%s",
		 db_bool(rows, row, "pinned") ? "true" : "false",
		 db_bool(rows, row, "archived") ? "true" : "false");
	if (*db_peek(rows, row, "project_id"))
		add_member(out, "project", db_peek(rows, row, "project_id"));
	add_time(out, "createTime", db_i64(rows, row, "create_us"));
	add_time(out, "updateTime", db_i64(rows, row, "update_us"));
	add_member(out, "leaf", db_peek(rows, row, "leaf_id"));
	buf_adds(out, ",\"messages\":[");
}

/* Stored items are JSON already, one on each line. */
static void add_items(struct buf *out, const char *items)
{
	bool first = true;

	buf_adds(out, ",\"items\":[");
	while (*items) {
		size_t len = strcspn(items, "\n");

		if (len && !first)
			buf_addc(out, ',');
		first = first && !len;
		buf_add(out, items, len);
		items += len + (items[len] == '\n');
	}
	buf_addc(out, ']');
}

static void json_message(struct buf *out, const PGresult *rows, int row, bool first)
{
	buf_addf(out, "%s\n{\"id\":\"%s\"", first ? "" : ",", db_peek(rows, row, "id"));
	add_member(out, "parent", db_peek(rows, row, "parent_id"));
	add_member(out, "role", db_peek(rows, row, "role"));
	add_member(out, "state", db_peek(rows, row, "state"));
	add_member(out, "text", db_peek(rows, row, "text"));
	add_member(out, "reasoning", db_peek(rows, row, "reasoning"));
	add_member(out, "model", db_peek(rows, row, "model"));
	add_time(out, "createTime", db_i64(rows, row, "create_us"));
	add_items(out, db_peek(rows, row, "items"));
	buf_addc(out, '}');
}

const struct export_format export_json = {
	.content_type = "application/json",
	.begin = "[",
	.end = "\n]\n",
	.project = json_project,
	.chat = json_chat,
	.message = json_message,
	.chat_end = "]}",
};

/* ---------------------------------------------------------------- Markdown */

/* A title is one line, and none of its characters makes anything else of it. */
static void add_title(struct buf *out, const char *title)
{
	for (; *title; title++) {
		if (strchr("\\`*_[]<>#", *title))
			buf_addc(out, '\\');
		buf_addc(out, *title);
	}
}

static void markdown_chat(struct buf *out, const PGresult *rows, int row, bool first)
{
	const char *title = db_peek(rows, row, "title");
	char time[CLOCK_RFC3339_SIZE];

	clock_rfc3339(db_i64(rows, row, "create_us"), time);
	buf_adds(out, first ? "# " : "\n---\n\n# ");
	add_title(out, *title ? title : "Untitled chat");
	buf_addf(out, "\n\n%.10s\n", time);
}

static void markdown_message(struct buf *out, const PGresult *rows, int row, bool first)
{
	const char *role = db_peek(rows, row, "role"), *model = db_peek(rows, row, "model");

	buf_adds(out, "\n## ");
	if (strcmp(role, "USER") == 0)
		buf_adds(out, "You");
	else if (strcmp(role, "SYSTEM") == 0)
		buf_adds(out, "System");
	else
		add_title(out, *model ? model : "Assistant");
	buf_addf(out, "\n\n%s\n", db_peek(rows, row, "text"));
}

const struct export_format export_markdown = {
	.content_type = "text/markdown; charset=utf-8",
	.begin = "",
	.end = "",
	.chat = markdown_chat,
	.message = markdown_message,
	.chat_end = "",
};
