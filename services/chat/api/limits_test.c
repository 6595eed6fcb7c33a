/* Limits of a request: what has as much as may be is read, and one more is refused with a number. */
#include "dialect_test.h"

/* `head`, then n times `element`, separated by commas, then `tail`. A % in element is the count. */
struct limit_row {
	const char *name;
	const struct api_dialect *dialect;
	size_t limit; /* offset in struct api_limits */
	int n;
	const char *head, *element, *between, *tail;
	const char *outcome; /* "reason field" beyond the limit */
};

#define CHAT "{'model':'m','messages':[{'role':'user','content':'a'}]"
#define AT(member) offsetof(struct api_limits, member)

static const struct limit_row rows[] = {
	{"levels", &dialect_chat_completions, AT(levels), 6, CHAT ",'x':1,'y':", "[", "", "]]]]]]}",
	 "json_invalid "},
	{"objects", &dialect_chat_completions, AT(objects), 7, CHAT ",'y':[", "{}", ",", "]}",
	 "json_invalid "},
	{"elements", &dialect_chat_completions, AT(elements), 40, CHAT ",'y':[", "1", ",", "]}",
	 "json_invalid "},
	{"tools", &dialect_chat_completions, AT(tools), 3, CHAT ",'tools':[",
	 "{'type':'function','function':{'name':'f%'}}", ",", "]}", "field_invalid tools"},
	{"tools of responses", &dialect_responses, AT(tools), 3,
	 "{'model':'m','input':'a','tools':[", "{'type':'function','name':'f%'}", ",", "]}",
	 "field_invalid tools"},
	{"tools of messages", &dialect_messages, AT(tools), 3,
	 "{'model':'m','max_tokens':5,'messages':[{'role':'user','content':'a'}],'tools':[",
	 "{'name':'f%','input_schema':{'type':'object'}}", ",", "]}", "field_invalid tools"},
	{"stops", &dialect_chat_completions, AT(stops), 5, CHAT ",'stop':[", "'s%'", ",", "]}",
	 "field_invalid stop"},
	{"stops of messages", &dialect_messages, AT(stops), 5,
	 "{'model':'m','max_tokens':5,'messages':[{'role':'user','content':'a'}],'stop_sequences':"
	 "[",
	 "'s%'", ",", "]}", "field_invalid stop_sequences"},
	{"a stop's bytes", &dialect_chat_completions, AT(stop_bytes), 9, CHAT ",'stop':'", "a", "",
	 "'}", "field_invalid stop"},
	{"inputs", &dialect_embeddings, AT(inputs), 4, "{'model':'m','input':[", "'a'", ",", "]}",
	 "field_invalid input"},
};

static char *body_of(struct arena *arena, const struct limit_row *row, int n, const char *tail)
{
	_cleanup_(buf_done) struct buf body;

	buf_init(&body, 1 << 20);
	buf_adds(&body, row->head);
	for (int i = 0; i < n; i++) {
		const char *p = row->element;

		buf_adds(&body, i > 0 ? row->between : "");
		for (; *p; p++) {
			if (*p == '%')
				buf_addf(&body, "%d", i);
			else
				buf_addc(&body, *p);
		}
	}
	buf_adds(&body, tail);
	return quoted(arena, buf_text(&body));
}

static void set(struct api_limits *limits, const struct limit_row *row, int64_t value)
{
	*limits = test_limits;
	memcpy((char *)limits + row->limit, &value, sizeof value);
}

static void test_a_limit_is_a_key_and_its_error_names_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 4 << 20);
		const struct limit_row *row = &rows[i];
		const char *text = body_of(arena, row, row->n, row->tail);
		struct api_body body = {NULL, text, strlen(text)};
		struct api_limits limits;
		struct api_request request;
		struct error err = {0};
		int64_t least = 0;
		char *outcome;

		body.limits = &limits;
		do {
			set(&limits, row, ++least);
		} while (least < 100 && row->dialect->read(&body, arena, &request, &err) != OK);
		/* The JSON around the elements has levels, objects and elements, too. */
		if (least < row->n || least > row->n + 10)
			fail_msg("%s: %d are read with a limit of %d (%s)", row->name, row->n,
				 (int)least, err.message);
		err = (struct error){0};
		set(&limits, row, least - 1);
		assert_int_not_equal(row->dialect->read(&body, arena, &request, &err), OK);
		outcome = arena_printf(arena, "%s %s", err.reason, err.field);
		if (strcmp(outcome, row->outcome) != 0 ||
		    !strstr(err.message, arena_printf(arena, "%d", (int)least - 1)))
			fail_msg("%s: %s: %s", row->name, outcome, err.message);
	}
}

int api_limits_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_limit_is_a_key_and_its_error_names_it),
	};

	return cmocka_run_group_tests_name("limits of requests", tests, NULL, NULL);
}
