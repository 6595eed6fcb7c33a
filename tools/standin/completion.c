/* One exchange: a question, the tokens of its answer at their pace, and the fault that it asks for.
 * A timer drives it, and each tick is one step. So no thread waits for a slow reader. */
#include "exchange.h"

#include "runtime/base/text.h"
#include "runtime/base/uuid.h"
#include "runtime/net/net.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES 4096
#define ARENA_BYTES_MAX (64 << 20)
#define RETRY_US (5 * US_PER_MS) /* a full queue, or a stall: look again */
#define BURST 64                 /* tokens of one tick when there is no pace */
#define JOURNAL_TEXT(to, from) journal_text(to, sizeof(to), from)

/* As much of a text as fits, in whole characters: JSON takes no other. */
static void journal_text(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);

	while (n > 0 && ((unsigned char)from[n] & 0xC0) == 0x80)
		n--;
	memcpy(to, from, n);
	to[n] = '\0';
}

static void tick(void *ctx);

static void exchange_free(struct exchange *x)
{
	arena_free(x->arena);
	free(x);
}

/* Adds a header "name:value"; "": none. */
static size_t add_header(const char *text, char name[64], struct httpd_header *ret)
{
	size_t len = strcspn(text, ":");

	snprintf(name, 64, "%.*s", (int)len, text);
	*ret = (struct httpd_header){name, text + len + 1};
	return text[len] != '\0';
}

/* fault: what to add to it; NULL: nothing. */
static void error_answer(struct httpd_request *req, const struct wire *wire,
			 struct refusal *refusal, const struct fault *fault)
{
	int64_t retry_after = fault ? fault->retry_after : -1;
	json_t *error = wire->error(refusal, retry_after);
	char *text = json_dumps(error, JSON_COMPACT);
	char seconds[24], names[2][64];
	size_t n = 0;
	struct httpd_header headers[3];

	snprintf(seconds, sizeof seconds, "%" PRId64, retry_after);
	if (retry_after >= 0)
		headers[n++] = (struct httpd_header){"retry-after", seconds};
	if (fault)
		n += add_header(fault->header, names[0], &headers[n]);
	if (fault)
		n += add_header(fault->more, names[1], &headers[n]);
	httpd_answer(req, &(struct httpd_answer){.status = refusal->status,
						 .content_type = "application/json",
						 .headers = headers,
						 .n_headers = n,
						 .body = text,
						 .body_len = text ? strlen(text) : 0});
	free(text);
	json_decref(error);
}

/* Words of real providers, for a fault with a status: [[fault:402 says=afford]]. */
static const struct {
	const char *name, *code, *message;
} sayings[] = {
	{"flagged", NULL,
	 "The model requires moderation. Your input was flagged for \"violence\"."},
	{"afford", NULL,
	 "This request requires more credits, or fewer max_tokens. You requested up to 4096 "
	 "tokens, but can only afford 300."},
	{"quota", "insufficient_quota", "You exceeded your current quota."},
	{"model", "model_not_found", "The model does not exist or you do not have access to it."},
	{"context", "context_length_exceeded",
	 "This model's maximum context length is 4096 tokens."},
};

static void say(const char *name, struct refusal *refusal)
{
	for (size_t i = 0; i < ARRAY_SIZE(sayings); i++) {
		if (strcmp(name, sayings[i].name) != 0)
			continue;
		refusal->code = sayings[i].code;
		snprintf(refusal->message, sizeof refusal->message, "%s", sayings[i].message);
	}
}

static void status_answer(struct exchange *x)
{
	const struct fault *fault = &x->question.fault;
	struct refusal refusal = {.status = fault->status, .type = "server_error"};

	if (fault->status == 429) {
		refusal.type = "requests";
		refusal.code = "rate_limit_exceeded";
	} else if (fault->status < 500) {
		refusal.type = "invalid_request_error";
	}
	snprintf(refusal.message, sizeof refusal.message, "The stand-in was asked to fail with %d.",
		 fault->status);
	say(fault->says, &refusal);
	error_answer(x->req, x->wire, &refusal, fault);
}

/* Sends what the format writes, all of it or nothing. */
static enum status send_events(struct exchange *x,
			       void (*write)(struct exchange *x, struct buf *out))
{
	_cleanup_(buf_done) struct buf out;
	int64_t sequence = x->sequence;
	enum status s;

	buf_init(&out, ARENA_BYTES_MAX);
	write(x, &out);
	s = httpd_stream_send(x->req, buf_text(&out), out.len);
	if (s != OK)
		x->sequence = sequence;
	return s;
}

static void write_thought(struct exchange *x, struct buf *out)
{
	x->wire->thought(x, x->thoughts[x->next_thought], out);
}

static void write_token(struct exchange *x, struct buf *out)
{
	x->wire->token(x, x->tokens[x->next], out);
}

static void write_piece(struct exchange *x, struct buf *out)
{
	x->wire->piece(x, x->pieces[x->next_piece], out);
}

/* How many tokens were sent, of its text and of its call. */
static size_t sent(const struct exchange *x)
{
	return x->next + x->next_piece;
}

static bool all_sent(const struct exchange *x)
{
	return (!x->wire->thought || x->next_thought == x->n_thoughts) && x->next == x->n_tokens &&
	       (!x->wire->piece || x->next_piece == x->n_pieces);
}

static void end(struct exchange *x, const char *outcome, bool complete)
{
	journal_end(x->journal, outcome, 200, (int64_t)sent(x));
	httpd_stream_end(x->req, complete);
	exchange_free(x);
}

static void later(struct exchange *x, int64_t at_us)
{
	net_timer_start(at_us, tick, x);
}

static void error_in_band(const struct exchange *x, struct refusal *ret)
{
	*ret = (struct refusal){.status = (int32_t)x->question.fault.value,
				.type = "server_error",
				.code = x->question.fault.value == 429 ? "rate_limit_exceeded"
								       : "server_error"};
	snprintf(ret->message, sizeof ret->message, "The server is overloaded.");
}

static void write_error(struct exchange *x, struct buf *out)
{
	struct refusal refusal;

	error_in_band(x, &refusal);
	x->wire->failed(x, &refusal, out);
}

/* The part of a fault that happens in the stream. True: the tick is over. */
static bool misbehave(struct exchange *x)
{
	const struct fault *fault = &x->question.fault;
	const char *bytes;
	char *line;

	if (x->faulted || fault->kind == FAULT_NONE || (int64_t)sent(x) < fault->after)
		return false;
	switch (fault->kind) {
	case FAULT_CUT:
		end(x, "cut", false);
		return true;
	case FAULT_STALL:
		later(x, clock_mono_us() + RETRY_US);
		return true;
	case FAULT_ERROR:
		if (send_events(x, write_error) == RESOURCE_EXHAUSTED)
			later(x, clock_mono_us() + RETRY_US);
		else
			end(x, "error", true);
		return true;
	case FAULT_BROKEN_JSON:
	case FAULT_BROKEN_UTF8:
		bytes = fault->kind == FAULT_BROKEN_JSON ? x->wire->broken_json
							 : x->wire->broken_utf8;
		x->faulted = httpd_stream_send(x->req, bytes, strlen(bytes)) == OK;
		return false;
	case FAULT_LONG_LINE:
		line = malloc(4096);
		ensure(line);
		memset(line, 'x', 4096);
		while (x->dripped < (size_t)fault->value &&
		       httpd_stream_send(x->req, line, 4096) == OK)
			x->dripped += 4096;
		free(line);
		x->faulted = x->dripped >= (size_t)fault->value;
		if (!x->faulted)
			later(x, clock_mono_us() + RETRY_US);
		return !x->faulted;
	case FAULT_DRIP:
		if (httpd_stream_send(x->req, &": drip\n\n"[x->dripped % 8], 1) == OK)
			x->dripped++;
		later(x, clock_mono_us() + fault->value * US_PER_MS);
		return true;
	default:
		return false;
	}
}

static void finish(struct exchange *x)
{
	enum status s = send_events(x, x->wire->finish);

	if (s == RESOURCE_EXHAUSTED)
		later(x, clock_mono_us() + RETRY_US);
	else
		end(x, s == OK ? "done" : "client gone", s == OK);
}

/* Sends the next thought, token of the text, or token of the call's arguments. */
static enum status send_next(struct exchange *x)
{
	enum status s = OK;

	if (x->wire->thought && x->next_thought < x->n_thoughts) {
		s = send_events(x, write_thought);
		x->next_thought += s == OK;
		return s;
	}
	if (x->next < x->n_tokens) {
		s = send_events(x, write_token);
		x->next += s == OK;
		return s;
	}
	if (!x->called)
		s = send_events(x, x->wire->call);
	x->called |= s == OK;
	if (s == OK)
		s = send_events(x, write_piece);
	x->next_piece += s == OK;
	return s;
}

/* Sends the tokens that are due. When the stream's queue is full, the same token is tried again. */
static enum status send_due(struct exchange *x)
{
	int64_t now = clock_mono_us();
	enum status s = OK;

	if (!x->head_sent) {
		s = send_events(x, x->wire->head);
		x->head_sent = s == OK;
	}
	for (int i = 0; s == OK && i < BURST && !all_sent(x) && now >= x->due_us; i++) {
		s = send_next(x);
		if (s != OK)
			break;
		if (x->question.pace)
			x->due_us += US_PER_S / x->question.pace;
		if (x->question.fault.kind != FAULT_NONE)
			break; /* faults count single tokens */
	}
	return s;
}

static void tick(void *ctx)
{
	struct exchange *x = ctx;
	enum status s;

	if (atomic_load(&x->gone)) {
		end(x, "client gone", false);
		return;
	}
	if (misbehave(x))
		return;
	s = send_due(x);
	if (s == CANCELLED) {
		end(x, "client gone", false);
		return;
	}
	if (s == RESOURCE_EXHAUSTED) {
		later(x, clock_mono_us() + RETRY_US);
		return;
	}
	if (all_sent(x))
		finish(x);
	else
		later(x, x->due_us);
}

static void on_close(struct httpd_request *req, void *ctx)
{
	struct exchange *x = ctx;

	atomic_store(&x->gone, true); /* the next tick ends it */
}

static void begin_stream(struct exchange *x)
{
	static const struct httpd_hooks hooks = {.on_close = on_close};
	static const struct httpd_header headers[] = {{"cache-control", "no-cache"}};

	if (!httpd_hooks_set(x->req, &hooks, x))
		atomic_store(&x->gone, true);
	httpd_stream_begin(x->req, &(struct httpd_answer){.status = 200,
							  .content_type = "text/event-stream",
							  .headers = headers,
							  .n_headers = 1});
	later(x, x->due_us);
}

/* The bytes of FAULT_BODY are on their way. The connection may be cut at a later tick. */
static void end_body(void *ctx)
{
	struct exchange *x = ctx;
	const char *how = x->question.fault.end;

	if (atomic_load(&x->gone))
		end(x, "client gone", false);
	else if (strcmp(how, "open") == 0)
		net_timer_start(clock_mono_us() + RETRY_US, end_body, x);
	else
		end(x, "done", strcmp(how, "cut") != 0);
}

static void send_body(void *ctx)
{
	struct exchange *x = ctx;
	const struct fault *fault = &x->question.fault;
	uint8_t *body;
	size_t len = 0;

	body = base64url_decode(x->arena, fault->data ? fault->data : "", fault->data_len, &len);
	if (!body || (len > 0 && httpd_stream_send(x->req, body, len) != OK))
		end(x, "not sent", false);
	else
		net_timer_start(clock_mono_us() + RETRY_US, end_body, x);
}

static void begin_body(struct exchange *x)
{
	static const struct httpd_hooks hooks = {.on_close = on_close};
	const struct fault *fault = &x->question.fault;
	const struct httpd_header headers[] = {{"content-encoding", fault->encoding}};
	const char *type = *fault->type ? fault->type : "text/event-stream";

	if (!httpd_hooks_set(x->req, &hooks, x))
		atomic_store(&x->gone, true);
	httpd_stream_begin(x->req, &(struct httpd_answer){
					   .status = 200,
					   .content_type = strcmp(type, "none") == 0 ? NULL : type,
					   .headers = headers,
					   .n_headers = *fault->encoding != '\0'});
	net_timer_start(x->due_us, send_body, x);
}

/* The whole answer at once, when its time has come. */
static void answer_whole(void *ctx)
{
	struct exchange *x = ctx;
	struct refusal refusal;
	json_t *body;
	char *dump;

	x->next = x->n_tokens;
	x->next_piece = x->n_pieces;
	if (x->question.fault.kind == FAULT_ERROR) {
		error_in_band(x, &refusal);
		body = x->wire->error(&refusal, -1);
	} else {
		body = x->wire->whole(x, exchange_text(x));
	}
	dump = json_dumps(body, JSON_COMPACT);
	if (!dump) /* words that JSON cannot hold */
		dump = strdup("{}");
	ensure(dump);
	journal_end(x->journal, "done", 200, (int64_t)sent(x));
	httpd_answer(x->req,
		     &(struct httpd_answer){.status = 200,
					    .content_type = "application/json",
					    .body = dump,
					    .body_len = strlen(dump) - (x->question.fault.kind ==
									FAULT_BROKEN_JSON)});
	free(dump);
	json_decref(body);
	exchange_free(x);
}

/* A stall without a stream: holds the request until the client goes. */
static void wait_for_close(void *ctx)
{
	struct exchange *x = ctx;

	if (!atomic_load(&x->gone)) {
		net_timer_start(clock_mono_us() + RETRY_US, wait_for_close, x);
		return;
	}
	journal_end(x->journal, "client gone", 0, 0);
	httpd_answer(x->req, &(struct httpd_answer){.status = 200, .close = true});
	exchange_free(x);
}

/* Makes faults that leave no stream. True: the request is dealt with. */
static bool refuse_by_fault(struct exchange *x)
{
	static const struct httpd_hooks hooks = {.on_close = on_close};
	const struct fault *fault = &x->question.fault;

	if (fault->kind == FAULT_STATUS) {
		journal_end(x->journal, "fault", fault->status, 0);
		status_answer(x);
	} else if (fault->kind == FAULT_WRONG_TYPE) {
		journal_end(x->journal, "fault", 200, 0);
		httpd_answer(x->req, &(struct httpd_answer){.status = 200,
							    .content_type = "text/html",
							    .body = "<html>hello</html>",
							    .body_len = 18});
	} else if (fault->kind == FAULT_BODY) {
		begin_body(x);
		return true;
	} else if (fault->kind == FAULT_CUT && (fault->after == 0 || !x->question.stream)) {
		journal_end(x->journal, "cut", 0, 0);
		httpd_stream_begin(x->req, &(struct httpd_answer){.status = 200});
		httpd_stream_end(x->req, false);
	} else if (fault->kind == FAULT_STALL && (fault->after == 0 || !x->question.stream)) {
		if (!httpd_hooks_set(x->req, &hooks, x))
			atomic_store(&x->gone, true);
		wait_for_close(x);
		return true;
	} else {
		return false;
	}
	exchange_free(x);
	return true;
}

/* The end of the key that came, which tells keys apart. */
static void note_key(const struct exchange *x, struct journal_entry *entry)
{
	const char *value = httpd_header(x->req, x->wire->key_header);
	size_t len = value ? strlen(value) : 0, max = sizeof entry->key - 1;

	if (value)
		JOURNAL_TEXT(entry->key, len > max ? value + len - max : value);
}

static void begin(struct exchange *x)
{
	struct journal_entry entry = {.stream = x->question.stream,
				      .prompt_tokens = x->question.prompt_tokens,
				      .blocks = x->question.blocks,
				      .received_us = clock_wall_us()};
	char uuid[UUID_SIZE];

	uuid_v7(uuid);
	snprintf(x->id, sizeof x->id, "chatcmpl-%s", uuid);
	x->created = clock_wall_us() / US_PER_S;
	x->due_us = clock_mono_us() + x->question.first_ms * US_PER_MS;
	if (!x->wire->wordless)
		x->n_tokens = answer_tokens(&x->question, x->arena, &x->tokens);
	x->finish_reason = "stop";
	if (x->question.max_tokens && (size_t)x->question.max_tokens < x->n_tokens) {
		x->n_tokens = (size_t)x->question.max_tokens;
		x->finish_reason = "length";
		x->question.tool = NULL;
	}
	x->n_thoughts = answer_thoughts(&x->question, x->arena, &x->thoughts);
	x->n_pieces = answer_arguments(&x->question, x->arena, &x->pieces);
	JOURNAL_TEXT(entry.api, x->wire->name);
	JOURNAL_TEXT(entry.id, x->id);
	JOURNAL_TEXT(entry.model, x->question.model);
	JOURNAL_TEXT(entry.prompt, x->question.prompt);
	if (x->question.system)
		JOURNAL_TEXT(entry.system, x->question.system);
	if (x->question.first)
		JOURNAL_TEXT(entry.first, x->question.first);
	entry.messages = x->question.messages;
	JOURNAL_TEXT(entry.outcome, "running");
	note_key(x, &entry);
	x->journal = journal_begin(&entry);
	if (!fault_applies(&x->question.fault))
		x->question.fault.kind = FAULT_NONE;
	if (refuse_by_fault(x))
		return;
	if (x->question.stream)
		begin_stream(x);
	else
		net_timer_start(x->due_us + (x->question.pace ? (int64_t)x->n_tokens * US_PER_S /
									x->question.pace
							      : 0),
				answer_whole, x);
}

static bool authorised(const struct httpd_request *req, const struct wire *wire,
		       const char *api_key, struct refusal *refusal)
{
	const char *value = httpd_header(req, wire->key_header);
	const char *prefix = wire->key_prefix;
	size_t n;
	bool given;

	if (!value) { /* Anthropic's own packages send it so */
		value = httpd_header(req, "authorization");
		prefix = "Bearer ";
	}
	n = strlen(prefix);
	given = value && strncmp(value, prefix, n) == 0 && value[n];
	if (given && (!*api_key || strcmp(value + n, api_key) == 0))
		return true;
	*refusal = (struct refusal){.status = 401, .type = "invalid_request_error"};
	refusal->code = given ? "invalid_api_key" : NULL;
	snprintf(refusal->message, sizeof refusal->message, "%s",
		 given ? "Incorrect API key provided." : "You didn't provide an API key.");
	return false;
}

/* A question that was understood and refused costs nothing, but counts as an exchange. */
static void note_refusal(const struct question *question, const struct wire *wire, int32_t status)
{
	struct journal_entry entry = {.received_us = clock_wall_us()};

	if (!question->prompt || !*question->prompt)
		return;
	JOURNAL_TEXT(entry.api, wire->name);
	JOURNAL_TEXT(entry.model, question->model);
	JOURNAL_TEXT(entry.prompt, question->prompt);
	journal_end(journal_begin(&entry), "refused", status, 0);
}

bool key_fits(struct httpd_request *req, const struct standin_conf *conf, const struct wire *wire)
{
	struct refusal refusal = {0};

	if (authorised(req, wire, conf->api_key, &refusal))
		return true;
	error_answer(req, wire, &refusal, NULL);
	return false;
}

void completion_handle(struct httpd_request *req, const struct standin_conf *conf,
		       const struct wire *wire)
{
	struct exchange *x = calloc(1, sizeof *x);
	struct refusal refusal = {0};

	ensure(x);
	x->req = req;
	x->wire = wire;
	x->arena = arena_new(ARENA_BYTES, ARENA_BYTES_MAX);
	if (authorised(req, wire, conf->api_key, &refusal) &&
	    question_read(req, conf, wire, x->arena, &x->question, &refusal)) {
		begin(x);
		return;
	}
	note_refusal(&x->question, wire, refusal.status);
	error_answer(req, wire, &refusal, NULL);
	exchange_free(x);
}
