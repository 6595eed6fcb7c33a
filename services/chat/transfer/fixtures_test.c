/* Files of each program as people get them, with all that is odd in them, and what becomes of their chats.
 * fixtures/<program>.json is the file, <program>.txt what comes of it, with a line for each message. */
#include "../chat_test.h"
#include "chat/transfer/plant.h"
#include "chat/transfer/split.h"
#include "transfer_test.h"

#define MESSAGES_MAX 1000
#define FILE_BYTES_MAX (1 << 20)

struct buf fixture_read(const char *name, const char *ending)
{
	char path[128], piece[4096];
	struct buf text;
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "services/chat/transfer/fixtures/%s.%s", name, ending);
	file = fopen(path, "re");
	ensure(file);
	buf_init(&text, FILE_BYTES_MAX);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		ensure(buf_add(&text, piece, n));
	fclose(file);
	return text;
}

/* On one line. */
static void add_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, *text);
	}
}

static void add_message(struct buf *out, const struct plant *plant, size_t i)
{
	static const char roles[] = {'U', 'A', 'S'};
	const struct plant_message *m = &plant->messages[i];

	buf_addf(out, "  %d.%d %c ", m->depth, m->position, roles[m->role]);
	if (m->parent >= 0)
		buf_addf(out, "of %d.%d ", plant->messages[m->parent].depth,
			 plant->messages[m->parent].position);
	buf_addc(out, '"');
	add_text(out, m->text);
	buf_addc(out, '"');
	if (*m->reasoning) {
		buf_adds(out, " after \"");
		add_text(out, m->reasoning);
		buf_addc(out, '"');
	}
	if (*m->items) {
		buf_adds(out, " items ");
		add_text(out, m->items);
	}
	buf_addf(out, "%s%s", *m->model ? " by " : "", m->model);
	if (strcmp(m->state, "DONE") != 0)
		buf_addf(out, " %s", m->state);
	if (m->time_us)
		buf_addf(out, " at %.3f", (double)m->time_us / 1e6);
	buf_adds(out, plant->leaf == (int32_t)i ? " <\n" : "\n");
}

static void add_counts(struct buf *out, const struct import_chat *chat, const struct plant *plant)
{
	const struct {
		const char *name;
		int32_t n;
	} counts[] = {
		{"attachments", chat->attachments}, {"hidden", chat->hidden},
		{"unknown", chat->unknown},         {"split", plant->split},
		{"mended", plant->mended},
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].n)
			buf_addf(out, ", %d %s", counts[i].n, counts[i].name);
}

static void add_chat(struct buf *out, const char *text, size_t len)
{
	struct arena *arena = arena_new(65536, 16 << 20);
	struct import_chat chat;
	struct plant plant = {0};
	enum plant_result result;

	assert_true(import_chat_read(arena, text, len, &chat));
	result = plant_make(arena, &chat, MESSAGES_MAX, &plant);
	buf_addf(out, "%s %s: %s%s%s", chat.program, *chat.source ? chat.source : "(no id)",
		 *chat.title ? chat.title : "(no title)", chat.pinned ? ", pinned" : "",
		 chat.archived ? ", archived" : "");
	if (chat.create_us || chat.update_us)
		buf_addf(out, ", from %.3f to %.3f", (double)chat.create_us / 1e6,
			 (double)chat.update_us / 1e6);
	add_counts(out, &chat, &plant);
	buf_adds(out, result == PLANT_EMPTY ? ", empty\n" : "\n");
	for (size_t i = 0; i < plant.n; i++)
		add_message(out, &plant, i);
	arena_free(arena);
}

static void expect_fixture(const char *name)
{
	struct buf file = fixture_read(name, "json"), expected = fixture_read(name, "txt"), out;
	struct split split;
	size_t at = 0, used;
	int n = 0;

	buf_init(&out, FILE_BYTES_MAX);
	split_init(&split, FILE_BYTES_MAX, 0);
	for (; at < file.len; at += used)
		if (split_feed(&split, (const char *)file.data + at, file.len - at, &used) ==
		    SPLIT_ELEMENT) {
			add_chat(&out, buf_text(&split.text), split.text.len);
			split_next(&split);
			n++;
		}
	if (strcmp(buf_text(&out), buf_text(&expected)) != 0)
		fputs(buf_text(&out), stderr); /* fail_msg cuts it */
	assert_string_equal(buf_text(&out), buf_text(&expected));
	assert_true(n > 12);
	split_done(&split);
	buf_done(&file);
	buf_done(&expected);
	buf_done(&out);
}

static void files_of_chatgpt(void **state)
{
	expect_fixture("chatgpt");
}

static void files_of_claude(void **state)
{
	expect_fixture("claude");
}

static void files_of_librechat(void **state)
{
	expect_fixture("librechat");
}

static void files_of_open_webui(void **state)
{
	expect_fixture("open_webui");
}

static void files_of_our_own(void **state)
{
	expect_fixture("limitless");
}

int import_fixtures_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_chatgpt),   cmocka_unit_test(files_of_claude),
		cmocka_unit_test(files_of_librechat), cmocka_unit_test(files_of_open_webui),
		cmocka_unit_test(files_of_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
