#include "dialect_test.h"

#include "runtime/json/json.h"

#include <inttypes.h>
#include <time.h>

#define TEST_ARENA_BYTES (512u << 20)
#define GENERATION_ID "0190a000-0000-7000-8000-0000000000aa"

char *quoted(struct arena *arena, const char *text)
{
	char *ret = arena_strdup(arena, text);

	for (char *p = ret; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return ret;
}

/* ---------------------------------------------------------------- what was read */

static void add_part(struct buf *out, const struct prompt_part *part)
{
	switch (part->kind) {
	case PROMPT_TEXT:
		buf_addf(out, " text(%s)", part->text);
		break;
	case PROMPT_IMAGE:
		buf_addf(out, " image(%s%s%s)", part->image_url, part->image_detail ? "," : "",
			 part->image_detail ? part->image_detail : "");
		break;
	case PROMPT_TOOL_CALL:
		buf_addf(out, " call(%s,%s,%s)", part->tool_id, part->tool_name, part->arguments);
		break;
	case PROMPT_TOOL_RESULT:
		buf_addf(out, " result(%s,%s%s)", part->tool_id, part->text,
			 part->is_error ? ",error" : "");
		break;
	case PROMPT_REASONING:
		buf_addf(out, " thought(%s,%s)", part->api, part->data);
		break;
	}
	if (part->cache)
		buf_addf(out, "+%s", part->cache);
}

static void add_messages(struct buf *out, const struct prompt *prompt)
{
	for (size_t i = 0; i < prompt->n_messages; i++) {
		const struct prompt_message *message = &prompt->messages[i];

		buf_addf(out, " | %s", message->role);
		if (message->name)
			buf_addf(out, "=%s", message->name);
		buf_addc(out, ':');
		assert_non_null(message->text);
		if (message->n_parts == 0)
			buf_addf(out, " %s", message->text);
		for (size_t p = 0; p < message->n_parts; p++)
			add_part(out, &message->parts[p]);
	}
}

static void add_tools(struct buf *out, const struct prompt *prompt)
{
	static const char *const choices[] = {"auto", "none", "required", "one"};

	for (size_t i = 0; i < prompt->n_tools; i++) {
		const struct prompt_tool *tool = &prompt->tools[i];

		buf_addf(out, " tool(%s%s", tool->name, tool->strict ? "!" : "");
		if (tool->description)
			buf_addf(out, ",%s", tool->description);
		if (tool->schema)
			buf_addf(out, ",%s", tool->schema);
		buf_addc(out, ')');
		if (tool->cache)
			buf_addf(out, "+%s", tool->cache);
	}
	if (prompt->tool_choice)
		buf_addf(out, " choice=%s%s%s", choices[prompt->tool_choice],
			 prompt->tool_choice_name ? ":" : "",
			 prompt->tool_choice_name ? prompt->tool_choice_name : "");
	if (prompt->one_tool_at_a_time)
		buf_adds(out, " single");
}

static void add_settings(struct buf *out, const struct prompt *prompt)
{
	if (prompt->max_output_tokens)
		buf_addf(out, " max=%" PRId32, prompt->max_output_tokens);
	if (prompt->has_temperature)
		buf_addf(out, " t=%g", prompt->temperature);
	if (prompt->has_top_p)
		buf_addf(out, " p=%g", prompt->top_p);
	for (size_t i = 0; i < prompt->n_stop; i++)
		buf_addf(out, " stop=%s", prompt->stop[i]);
	if (prompt->effort)
		buf_addf(out, " effort=%s", prompt->effort);
	if (prompt->thought_tokens)
		buf_addf(out, " thoughts=%" PRId32, prompt->thought_tokens);
	if (prompt->wants_logprobs)
		buf_addf(out, " logprobs=%" PRId32, prompt->top_logprobs);
	if (prompt->cache_key)
		buf_addf(out, " key=%s", prompt->cache_key);
	if (prompt->format == FORMAT_JSON)
		buf_adds(out, " json");
	if (prompt->format == FORMAT_SCHEMA)
		buf_addf(out, " schema(%s%s,%s)", prompt->schema_name ? prompt->schema_name : "-",
			 prompt->schema_strict ? "!" : "", prompt->schema);
	if (prompt->extra)
		buf_addf(out, " %s%s", prompt->extra_api, prompt->extra);
}

static void add_inputs(struct buf *out, const struct api_request *request)
{
	const struct prompt_embedding *embedding = &request->prompt.embedding;

	if (!embedding->input)
		return;
	buf_addf(out, " %zu %s", embedding->n, embedding->texts ? "texts" : "lists");
	for (size_t i = 0; embedding->texts && i < embedding->n; i++)
		assert_true(*embedding->texts[i]);
	if (embedding->tokens)
		buf_addf(out, " of %" PRId64, embedding->tokens);
	if (embedding->dimensions)
		buf_addf(out, " in %" PRId32, embedding->dimensions);
	buf_addf(out, " as %s %s", request->floats ? "float" : "base64", embedding->input);
}

static void summarize(const struct api_request *request, struct buf *out)
{
	buf_adds(out, request->model);
	add_inputs(out, request);
	if (request->stream)
		buf_adds(out, " stream");
	if (request->stream_usage)
		buf_adds(out, " usage");
	add_tools(out, &request->prompt);
	add_settings(out, &request->prompt);
	add_messages(out, &request->prompt);
}

static char *outcome(const struct api_dialect *dialect, const char *body, size_t len,
		     struct arena *arena)
{
	struct api_request request;
	struct error err = {0};
	enum status s =
		dialect->read(&(struct api_body){&test_limits, body, len}, arena, &request, &err);
	_cleanup_(buf_done) struct buf out;

	buf_init(&out, 1 << 20);
	if (s == OK) {
		summarize(&request, &out);
		for (uint8_t *p = out.data; p && *p; p++)
			*p = *p == '"' ? '\'' : *p;
	} else {
		assert_int_equal(err.code, s);
		assert_true(*err.message);
		buf_addf(&out, "%s%s%s", err.reason, *err.field ? " " : "", err.field);
	}
	return arena_strdup(arena, buf_text(&out));
}

void check_read(const struct api_dialect *dialect, const struct read_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, TEST_ARENA_BYTES);
		const char *body = quoted(arena, rows[i].body);
		const char *seen = outcome(dialect, body, strlen(body), arena);

		if (strcmp(seen, rows[i].outcome) != 0)
			fail_msg("%s, %s\nbody %s\n is  %s\n not %s", dialect->name, rows[i].name,
				 rows[i].body, seen, rows[i].outcome);
	}
}

void read_good(const struct api_dialect *dialect, const char *body, struct arena *arena,
	       struct api_request *ret)
{
	struct error err = {0};

	if (dialect->read(&(struct api_body){&test_limits, body, strlen(body)}, arena, ret, &err) !=
	    OK)
		fail_msg("%s: %s %s %s", body, err.reason, err.field, err.message);
}

/* ---------------------------------------------------------------- what is written */

static void set_usage(Chat__V1__Usage *usage, const char *text)
{
	sscanf(text, "%d/%d/%d/%d/%d", &usage->prompt_tokens, &usage->completion_tokens,
	       &usage->cached_tokens, &usage->cache_write_tokens, &usage->reasoning_tokens);
}

/* A line of a script: T text, R reasoning, I item, U usage (prompt/completion/cached/written/
 * reasoning), D reason of the end, X reset. \n in T and R is a line feed. False: the writer gave
 * up. */
static bool write_line(const struct api_dialect *dialect, struct api_writer *writer, char *line,
		       struct buf *out)
{
	Chat__V1__GenerationEvent event = CHAT__V1__GENERATION_EVENT__INIT;
	Chat__V1__Accepted accepted = CHAT__V1__ACCEPTED__INIT;
	Chat__V1__Delta delta = CHAT__V1__DELTA__INIT;
	Chat__V1__Reasoning reasoning = CHAT__V1__REASONING__INIT;
	Chat__V1__Item item = CHAT__V1__ITEM__INIT;
	Chat__V1__Usage usage = CHAT__V1__USAGE__INIT;
	Chat__V1__Done done = CHAT__V1__DONE__INIT;
	Chat__V1__Reset reset = CHAT__V1__RESET__INIT;
	char *text = line + 1;

	switch (*line) {
	case 'T':
		delta.text = text;
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_DELTA;
		event.delta = &delta;
		break;
	case 'R':
		reasoning.text = text;
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_REASONING;
		event.reasoning = &reasoning;
		break;
	case 'I':
		item.json = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_ITEM;
		event.item = &item;
		break;
	case 'U':
		set_usage(&usage, text);
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_USAGE;
		event.usage = &usage;
		break;
	case 'D':
		done.stop_reason = (Chat__V1__StopReason)(*text - '0');
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_DONE;
		event.done = &done;
		break;
	case 'X':
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_RESET;
		event.reset = &reset;
		break;
	default:
		event.event_case = CHAT__V1__GENERATION_EVENT__EVENT_ACCEPTED;
		event.accepted = &accepted;
		break;
	}
	return dialect->write(writer, &event, out);
}

void write_script(const struct api_dialect *dialect, const struct api_request *request,
		  const char *script, struct arena *arena, struct buf *out)
{
	struct api_head head = {GENERATION_ID, "the-model", 1700000000123456};
	struct api_writer *writer = dialect->writer_new(request, &head);
	char *lines = arena_strdup(arena, script), *line;
	struct error err = {.code = UNAVAILABLE,
			    .reason = "provider_unavailable",
			    .message = "no provider \"answers\""};
	bool goes_on = write_line(dialect, writer, (char[]){"A"}, out);

	while (goes_on && (line = strsep(&lines, "\n"))) {
		if (*line == 'F')
			buf_adds(out, dialect->write_failure(writer, &err, out) ? "" : "FAILED");
		else if (*line)
			goes_on = write_line(dialect, writer, line, out);
	}
	if (!goes_on)
		buf_adds(out, "GAVE UP");
	dialect->writer_free(writer);
}

static char *body_of(struct arena *arena, const char *least, const char *more)
{
	return quoted(arena, arena_printf(arena, "{%s%s%s}", least, *more ? "," : "", more));
}

/* The data of each event on a line; `event:` lines must name the type that the data has. */
static char *unframed(struct arena *arena, const struct buf *out)
{
	char *text = arena_strdup(arena, buf_text(out)), *line;
	_cleanup_(buf_done) struct buf ret;
	char type[80] = "";

	buf_init(&ret, 1 << 24);
	while ((line = strsep(&text, "\n"))) {
		if (strncmp(line, "event: ", 7) == 0) {
			snprintf(type, sizeof type, "{\"type\":\"%s\"", line + 7);
			continue;
		}
		if (*line == '\0')
			continue;
		if (strncmp(line, "data: ", 6) == 0)
			line += 6;
		if (*type)
			assert_memory_equal(line, type, strlen(type));
		*type = '\0';
		buf_addf(&ret, "%s%s", ret.len > 0 ? "\n" : "", line);
	}
	return arena_strdup(arena, buf_text(&ret));
}

static void check_json(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s at column %d of %s", error.text, error.column, text);
	json_decref(json);
}

/* Each line is a JSON text. */
static void check_lines(struct arena *arena, const char *text)
{
	char *lines = arena_strdup(arena, text), *line;

	while ((line = strsep(&lines, "\n"))) {
		if (*line == '{')
			check_json(line);
	}
}

void check_write(const struct api_dialect *dialect, const char *least, const struct write_row *rows,
		 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, TEST_ARENA_BYTES);
		_cleanup_(buf_done) struct buf out;
		struct api_request request;
		char *seen;

		buf_init(&out, 1 << 24);
		read_good(dialect, body_of(arena, least, rows[i].request), arena, &request);
		write_script(dialect, &request, quoted(arena, rows[i].events), arena, &out);
		seen = request.stream ? unframed(arena, &out) : arena_strdup(arena, buf_text(&out));
		check_lines(arena, seen);
		for (char *p = seen; *p; p++)
			*p = *p == '"' ? '\'' : *p;
		if (strcmp(seen, rows[i].outcome) != 0)
			fail_msg("%s, %s\n is:\n%s\n not:\n%s", dialect->name, rows[i].name, seen,
				 rows[i].outcome);
	}
}

/* ---------------------------------------------------------------- by chance */

static int chance(unsigned *seed, int below)
{
	return rand_r(seed) % below;
}

static void add_words(struct buf *out, unsigned *seed)
{
	static const char *const words[] = {"a", "\xC3\xA4", "\xF0\x9F\x98\x80", "\\", "\"",
					    " ", "<b>"};

	for (int n = 1 + chance(seed, 4); n > 0; n--)
		buf_adds(out, words[chance(seed, ARRAY_SIZE(words))]);
}

static void add_calls(struct buf *out, unsigned *seed, int *calls)
{
	int n = *calls;

	buf_addf(out,
		 "I{\"type\":\"tool_call\",\"index\":%d,\"id\":\"call_%d\",\"name\":\"look\"}\n", n,
		 n);
	if (chance(seed, 2))
		buf_addf(out,
			 "I{\"type\":\"tool_call\",\"index\":%d,\"id\":\"call_%d\",\"name\":"
			 "\"see\"}\n",
			 ++*calls, n + 1);
	buf_addf(out, "I{\"type\":\"tool_arguments\",\"index\":%d,\"delta\":\"{\\\"a\\\":\"}\n", n);
	if (*calls > n)
		buf_addf(out, "I{\"type\":\"tool_arguments\",\"index\":%d,\"delta\":\"{}\"}\n",
			 n + 1);
	buf_addf(out, "I{\"type\":\"tool_arguments\",\"index\":%d,\"delta\":\"[1,{}]}\"}\n", n);
	++*calls;
}

char *random_script(struct arena *arena, unsigned *seed)
{
	_cleanup_(buf_done) struct buf out;
	int calls = 0;

	buf_init(&out, 1 << 20);
	for (int n = chance(seed, 12); n > 0; n--) {
		switch (chance(seed, 6)) {
		case 0:
		case 1:
			buf_addc(&out, 'T');
			add_words(&out, seed);
			buf_addc(&out, '\n');
			break;
		case 2:
			buf_addc(&out, 'R');
			add_words(&out, seed);
			buf_addc(&out, '\n');
			break;
		case 3:
			add_calls(&out, seed, &calls);
			break;
		case 4:
			buf_adds(
				&out,
				"I{\"type\":\"reasoning\",\"api\":\"anthropic\",\"data\":{\"type\":"
				"\"thinking\",\"thinking\":\"hm\",\"signature\":\"c2ln\"}}\n");
			break;
		default:
			buf_adds(&out,
				 "I{\"type\":\"reasoning\",\"api\":\"gemini\",\"data\":{\"on\":"
				 "\"text\",\"thoughtSignature\":\"x\"}}\n");
			break;
		}
	}
	buf_addf(&out, "U%d/%d/1/2/3\nD%d\n", 10 + chance(seed, 10), chance(seed, 10),
		 1 + chance(seed, 5));
	return arena_strdup(arena, buf_text(&out));
}

static json_t *events_of(struct arena *arena, const struct buf *out)
{
	char *lines = unframed(arena, out), *line;
	json_t *list = json_array();

	while ((line = strsep(&lines, "\n"))) {
		if (*line == '{')
			json_array_append_new(list, json_loads(line, JSON_REJECT_DUPLICATES, NULL));
	}
	return list;
}

void join_text(json_t *object, const char *name, const char *more)
{
	const char *text = json_string_value(json_object_get(object, name));
	size_t len = (text ? strlen(text) : 0) + strlen(more) + 1;
	char *joined = calloc(1, len);

	snprintf(joined, len, "%s%s", text ? text : "", more);
	json_object_set_new(object, name, json_string(joined));
	free(joined);
}

void check_whole(const struct api_dialect *dialect, const char *least,
		 json_t *(*join)(json_t *events))
{
	unsigned first = (unsigned)time(NULL), seed = first;

	for (int i = 0; i < 500; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, TEST_ARENA_BYTES);
		char *script = random_script(arena, &seed);
		_cleanup_(buf_done) struct buf stream, whole;
		struct api_request request;
		json_t *events, *joined, *json;

		buf_init(&stream, 1 << 24);
		buf_init(&whole, 1 << 24);
		read_good(dialect, body_of(arena, least, ""), arena, &request);
		write_script(dialect, &request, script, arena, &whole);
		request.stream = true;
		request.stream_usage = true;
		write_script(dialect, &request, script, arena, &stream);
		events = events_of(arena, &stream);
		joined = join(events);
		json = json_loads(buf_text(&whole), JSON_REJECT_DUPLICATES, NULL);
		if (!json_equal(joined, json))
			fail_msg("seed %u: %s\njoined %s\nwhole  %s", first, script,
				 json_dumps(joined, JSON_COMPACT), buf_text(&whole));
		json_decref(joined);
		json_decref(events);
		json_decref(json);
	}
}

/* ---------------------------------------------------------------- bodies that mean harm */

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* CPU time of reading a body with n elements. */
static double time_of(const struct api_dialect *dialect, const char *least, const char *before,
		      const char *element, const char *after, size_t n, char ret_outcome[200])
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, TEST_ARENA_BYTES);
	_cleanup_(buf_done) struct buf body;
	struct api_request request;
	struct error err = {0};
	enum status s;
	double begin;

	buf_init(&body, 256u << 20);
	buf_addf(&body, "{%s%s", *least ? quoted(arena, least) : "", quoted(arena, before));
	for (size_t i = 0; i < n; i++) {
		buf_adds(&body, i > 0 && *element == '{' ? "," : "");
		buf_adds(&body, element);
	}
	buf_addf(&body, "%s}", quoted(arena, after));
	begin = cpu_seconds();
	s = dialect->read(&(struct api_body){&test_limits, buf_text(&body), body.len}, arena,
			  &request, &err);
	snprintf(ret_outcome, 200, "%s %s", s == OK ? "OK" : err.reason, err.field);
	return cpu_seconds() - begin;
}

void check_hostile(const struct api_dialect *dialect, const char *least, const char *before,
		   const char *element, const char *after)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	size_t n = (size_t)(8u << 20) / strlen(element);
	char *plain = quoted(arena, element), seen[200];
	double eighth, whole;

	if (*element == '{')
		n = 12000;
	eighth = time_of(dialect, least, before, plain, after, n / 8, seen);
	assert_string_equal(seen, "OK ");
	whole = time_of(dialect, least, before, plain, after, n, seen);
	assert_string_equal(seen, "OK ");
	print_message("%s: %zu times %s: %.3f s, an eighth of it %.3f s\n", dialect->name, n, plain,
		      whole, eighth);
	assert_true(whole < 0.1 || whole < 24 * eighth);
}
