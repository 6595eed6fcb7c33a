#include "chat/provider/answer.h"

#include <string.h>

void answer_init(struct provider_answer *answer, const struct provider_api *api,
		 size_t event_bytes_max)
{
	memset(answer, 0, sizeof *answer);
	answer->api = api;
	sse_reader_init(&answer->sse, event_bytes_max);
	buf_init(&answer->objects.text, event_bytes_max);
	/* Each byte that is not UTF-8 becomes three. A few more may wait. */
	buf_init(&answer->stream.scratch, event_bytes_max * 3 + 16);
	buf_init(&answer->stream.block, event_bytes_max);
	buf_init(&answer->stream.item, event_bytes_max * 6 + 1024); /* all of it escaped */
}

void answer_done(struct provider_answer *answer)
{
	sse_reader_done(&answer->sse);
	buf_done(&answer->objects.text);
	provider_stream_done(&answer->stream);
}

bool answer_finished(const struct provider_answer *answer)
{
	const struct provider_stream *stream = &answer->stream;

	return stream->stop != STOP_NONE || stream->done || stream->full ||
	       (stream->last_usage &&
		(stream->wrote_text || stream->wrote_thought || stream->n_calls > 0));
}

static bool wants_more(const struct provider_answer *answer)
{
	return !answer->failed && !answer->stream.done && !answer->stream.full;
}

static bool take_event(const char *name, const char *data, size_t len, _unused_ const char *id,
		       void *ctx)
{
	struct provider_answer *answer = ctx;
	bool finished = answer_finished(answer);

	switch (answer->api->event(&answer->stream, name, data, len, &answer->fault)) {
	case PROVIDER_EVENT_READ:
		break;
	case PROVIDER_EVENT_ODD:
		answer->skipped++;
		break;
	case PROVIDER_EVENT_ERROR:
		answer->failed = !finished; /* an error after the last word changes nothing */
		answer->skipped += finished;
		break;
	}
	return wants_more(answer);
}

/* ---------------------------------------------------------------- JSON texts, one after another */

/* The end of the object whose next byte is p, or NULL when it goes on behind end. */
static const char *object_end(struct objects *objects, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (objects->escaped) {
			objects->escaped = false;
		} else if (objects->in_string) {
			objects->escaped = *p == '\\';
			objects->in_string = *p != '"';
		} else if (*p == '"') {
			objects->in_string = true;
		} else if (*p == '{' || *p == '[') {
			objects->depth++;
		} else if ((*p == '}' || *p == ']') && --objects->depth == 0) {
			return p + 1;
		}
	}
	return NULL;
}

static void object_over(struct provider_answer *answer)
{
	struct buf *text = &answer->objects.text;

	if (text->overflow)
		answer->skipped++;
	else
		take_event("message", buf_text(text), text->len, "", answer);
	if (answer->stream.whole)
		answer->stream.done = true; /* a whole completion is the last object */
	buf_clear(text);
}

/* A completion, several chunks, or a list of either. Text between objects is passed over. */
static bool feed_objects(struct provider_answer *answer, const char *p, size_t len)
{
	struct objects *objects = &answer->objects;
	const char *end = p + len, *stop;

	while (p < end && wants_more(answer)) {
		if (objects->depth == 0) {
			p = memchr(p, '{', (size_t)(end - p));
			if (!p)
				break;
		}
		stop = object_end(objects, p, end);
		buf_add(&objects->text, p, (size_t)((stop ? stop : end) - p));
		if (!stop)
			break;
		object_over(answer);
		p = stop;
	}
	return wants_more(answer);
}

/* ---------------------------------------------------------------- bytes */

/* White space and a byte order mark may stand before a JSON text. */
static bool is_before_json(char c)
{
	return memchr(" \t\r\n\xEF\xBB\xBF", c, 7);
}

bool answer_feed(struct provider_answer *answer, const void *data, size_t len)
{
	const char *p = data;

	if (answer->form == FORM_UNKNOWN) {
		size_t i = 0;

		while (i < len && is_before_json(p[i]))
			i++;
		if (i < len)
			answer->form = p[i] == '{' || p[i] == '[' ? FORM_OBJECTS : FORM_EVENTS;
	}
	if (answer->form == FORM_OBJECTS)
		return feed_objects(answer, p, len);
	return sse_reader_feed(&answer->sse, p, len, take_event, answer) == OK &&
	       wants_more(answer);
}

void answer_end(struct provider_answer *answer)
{
	if (wants_more(answer))
		sse_reader_end(&answer->sse, take_event, answer);
	answer->skipped += answer->sse.skipped + (answer->objects.text.len > 0);
	answer->sse.skipped = 0;
	provider_stream_end(&answer->stream);
}
