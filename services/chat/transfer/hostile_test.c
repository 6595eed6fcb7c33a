/* Files that were made to harm: what a user sends costs time and memory in proportion to its bytes. */
#include "transfer_test.h"

#include "chat/transfer/plant.h"

#include <time.h>

#define MIB (1 << 20)
#define ARENA_BYTES ((size_t)1 << 30)
#define SLOPE 3 /* a text ten times as long may take thirty times as long, and not a hundred */

/* ---------------------------------------------------------------- time of readers */

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

typedef void write_chat_fn(struct buf *out, int n);

/* Each node follows the one before. */
static void nodes_in_a_row(struct buf *out, int n)
{
	buf_adds(out, "{\"mapping\":{");
	for (int i = 0; i < n; i++)
		buf_addf(
			out,
			"%s\"n%d\":{\"parent\":\"n%d\",\"message\":{\"author\":{\"role\":\"user\"},"
			"\"content\":\"x\"}}",
			i ? "," : "", i, i - 1);
	buf_adds(out, "}}");
}

/* … and is hidden, and their order is turned round. */
static void hidden_nodes(struct buf *out, int n)
{
	buf_adds(out, "{\"mapping\":{\"x\":{\"parent\":\"n0\",\"message\":{\"author\":{\"role\":"
		      "\"user\"},\"content\":\"x\"}}");
	for (int i = 0; i < n; i++)
		buf_addf(out, ",\"n%d\":{\"parent\":\"n%d\"}", i, i + 1);
	buf_adds(out, "}}");
}

/* All have one id. */
static void one_id(struct buf *out, int n)
{
	buf_adds(out, "{\"mapping\":{");
	for (int i = 0; i < n; i++)
		buf_addf(out,
			 "%s\"n\":{\"parent\":\"n\",\"message\":{\"author\":{\"role\":\"user\"},"
			 "\"content\":\"x\"}}",
			 i ? "," : "");
	buf_adds(out, "}}");
}

static void children_of_children(struct buf *out, int n)
{
	buf_adds(out, "{\"conversationId\":\"d\",\"messages\":[");
	for (int i = 0; i < n; i++)
		buf_addf(out, "{\"messageId\":\"m%d\",\"text\":\"x\",\"children\":[", i);
	for (int i = 0; i < n; i++)
		buf_adds(out, "]}");
	buf_adds(out, "]}");
}

static double time_of_chat(write_chat_fn *write, int n)
{
	struct arena *arena = arena_new(65536, ARENA_BYTES);
	struct import_chat chat;
	struct plant plant;
	struct buf text;
	double begun;

	buf_init(&text, ARENA_BYTES);
	write(&text, n);
	begun = cpu_seconds();
	assert_true(import_chat_read(arena, buf_text(&text), text.len, &chat));
	assert_int_equal(plant_make(arena, &chat, n + 1, &plant), PLANT_GROWN);
	begun = cpu_seconds() - begun;
	assert_true(plant.n == 1 || plant.n == (size_t)n);
	buf_done(&text);
	arena_free(arena);
	return begun;
}

static void time_is_linear(void **state)
{
	static const struct {
		const char *name;
		write_chat_fn *write;
		int n;
	} cases[] = {
		{"nodes in a row", nodes_in_a_row, 1000000},
		{"hidden nodes", hidden_nodes, 200000},
		{"one id", one_id, 200000},
		{"children of children", children_of_children, 100000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double few = time_of_chat(cases[i].write, cases[i].n / 10);
		double many = time_of_chat(cases[i].write, cases[i].n);

		print_message("# %s: %.2f s for %d, %.3f s for a tenth\n", cases[i].name, many,
			      cases[i].n, few);
		assert_true(many < 10 * SLOPE * (few + 0.01));
	}
}

/* Wherever a value may stand, brackets may be nested without end. */
static void depth_is_no_matter(void **state)
{
	static const char *const places[] = {
		"{\"mapping\":{\"a\":{\"message\":{\"content\":{\"x\":%s}}}}}",
		"{\"mapping\":{\"a\":%s},\"title\":%s}",
		"{\"chat_messages\":[{\"uuid\":\"a\",\"content\":[%s],\"text\":%s}]}",
		"{\"conversationId\":\"a\",\"messages\":[%s,{\"text\":%s}]}",
		"{\"chat\":{\"history\":{\"messages\":{\"a\":{\"content\":%s}}}}}",
		"{\"format\":\"limitless-chat/1\",\"messages\":[{\"items\":%s,\"text\":%s}]}",
	};
	size_t depth = MIB;
	char *nested = malloc(2 * depth + 1);

	ensure(nested);
	memset(nested, '[', depth);
	memset(nested + depth, ']', depth);
	nested[2 * depth] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct arena *arena = arena_new(65536, ARENA_BYTES);
		struct import_chat chat;
		struct plant plant;
		struct buf text;

		buf_init(&text, ARENA_BYTES);
		for (const char *p = places[i]; *p; p++) {
			if (*p == '%')
				buf_adds(&text, nested), p++;
			else
				buf_addc(&text, *p);
		}
		assert_true(import_chat_read(arena, buf_text(&text), text.len, &chat));
		(void)plant_make(arena, &chat, 1000, &plant);
		buf_done(&text);
		arena_free(arena);
	}
	free(nested);
}

/* ---------------------------------------------------------------- files */

#define SAYS(id)                                                                        \
	"{\"conversation_id\":\"" id "\",\"mapping\":{\"a\":{\"message\":{\"author\":{" \
	"\"role\":\"user\"},\"content\":\"x\"}}}}"

static void a_huge_chat_takes_no_other_along(void **state)
{
	struct stage *stage = *state;
	struct buf file;

	buf_init(&file, 64 * MIB);
	buf_adds(&file, "[" SAYS("before") ",{\"title\":\"many nodes\",\"mapping\":{");
	for (int i = 0; i < 1000000; i++)
		buf_addf(&file, "%s\"n%d\":{}", i ? "," : "", i);
	buf_adds(&file, "}}," SAYS("between") ",{\"title\":\"");
	for (int i = 0; i < 17 * MIB; i++)
		buf_addc(&file, 'x');
	buf_adds(&file, "\"}," SAYS("after") "]");
	import_expect(stage, file, "", 3, 0, 2);
	assert_string_equal(import_ask(stage, "SELECT string_agg(reason, ' ' ORDER BY number) FROM "
					      "chat.import_item WHERE user_id = '%s' AND outcome = "
					      "'SKIPPED'"),
			    "TOO_LARGE TOO_LARGE");
}

static void a_zip_with_a_password_is_told(void **state)
{
	const struct member file = {"conversations.json", "[" SAYS("a") "]",
				    strlen("[" SAYS("a") "]"), "otter"};

	import_expect(*state, import_zip(&file, 1), "ENCRYPTED", 0, 0, 0);
}

/* Names are compared and no more: none leads anywhere. */
static void names_in_a_zip_lead_nowhere(void **state)
{
	static const char one[] = "[" SAYS("a") "]", two[] = "[" SAYS("b") "]";
	char longest[60000];
	const struct member members[] = {
		{"", two, sizeof two - 1, NULL},
		{"/etc/passwd", two, sizeof two - 1, NULL},
		{"..\\..\\conversations.json", one, sizeof one - 1, NULL},
		{"conversations.json/", "", 0, NULL},
		{"../../../../tmp/conversations-1.json", one, sizeof one - 1, NULL},
		{"%s%n/conversations\x01\xff\xfe.json", one, sizeof one - 1, NULL},
		{longest, two, sizeof two - 1, NULL},
		{"conversations.json", one, sizeof one - 1, NULL},
		{"conversations.json", one, sizeof one - 1, NULL},
	};

	memset(longest, 'a', sizeof longest);
	memcpy(longest + sizeof longest - 20, "/conversations.json", 20);
	import_expect(*state, import_zip(members, ARRAY_SIZE(members)), "", 1, 3, 0);
}

/* Each file of many is found at once. */
static void many_files_in_a_zip(void **state)
{
	enum { FILES = 10000, TOO_MANY = 100001 };
	struct member *members = calloc(TOO_MANY, sizeof *members);
	char(*names)[32] = calloc(TOO_MANY, sizeof *names);

	ensure(members && names);
	for (int i = 0; i < TOO_MANY; i++) {
		snprintf(names[i], sizeof names[i], "conversations-%d.json", i);
		members[i] = (struct member){names[i], "[]", 2, NULL};
	}
	members[FILES - 1] = (struct member){names[FILES - 1], SAYS("a"), strlen(SAYS("a")), NULL};
	import_expect(*state, import_zip(members, FILES), "", 1, 0, 0);
	import_expect(*state, import_zip(members, TOO_MANY), "TOO_MANY_FILES", 0, 0, 0);
	free(members);
	free(names);
}

/* One large file, many that are large together, a ZIP in the ZIP. */
static void bombs_are_refused(void **state)
{
	struct stage *stage = *state;
	size_t len = 200 * (size_t)MIB;
	char *spaces = malloc(len);
	struct member members[4];
	struct buf bomb;

	ensure(spaces);
	memset(spaces, ' ', len);
	spaces[0] = '[';
	members[0] = (struct member){"conversations.json", spaces, len, NULL};
	import_expect(stage, import_zip(members, 1), "UNPACKS_TOO_LARGE", 0, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		members[i] = (struct member){i % 2 ? "conversations-1.json" : "conversations.json",
					     spaces, len / 4, NULL};
	bomb = import_zip(members, ARRAY_SIZE(members));
	import_expect(stage, bomb, "UNPACKS_TOO_LARGE", 0, 0, 0);
	free(spaces);
	bomb = import_zip(&(struct member){"conversations.json", "[]", 2, NULL}, 1);
	import_expect(
		stage,
		import_zip(&(struct member){"conversations.json", bomb.data, bomb.len, NULL}, 1),
		"NOT_AN_EXPORT", 0, 0, 0);
	buf_done(&bomb);
}

int import_hostile_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_linear),
		cmocka_unit_test(depth_is_no_matter),
		TEST(a_huge_chat_takes_no_other_along),
		TEST(a_zip_with_a_password_is_told),
		TEST(names_in_a_zip_lead_nowhere),
		TEST(many_files_in_a_zip),
		TEST(bombs_are_refused),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
