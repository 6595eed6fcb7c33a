/* The requests and their ends, which tests compare with the books. */
#include "standin.h"

#include "runtime/base/clock.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define JOURNAL_MAX 10000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct journal_entry
	*entries[JOURNAL_MAX]; /* allocated when first used: an idle stand-in is small */
static uint64_t total;

uint64_t journal_begin(const struct journal_entry *entry)
{
	struct journal_entry **slot;
	uint64_t number;

	pthread_mutex_lock(&lock);
	number = total++;
	slot = &entries[number % JOURNAL_MAX];
	if (!*slot)
		*slot = malloc(sizeof **slot);
	if (*slot)
		**slot = *entry;
	pthread_mutex_unlock(&lock);
	return number;
}

void journal_end(uint64_t number, const char *outcome, int32_t status, int64_t completion_tokens)
{
	struct journal_entry *entry;

	pthread_mutex_lock(&lock);
	entry = entries[number % JOURNAL_MAX];
	if (entry && number + JOURNAL_MAX >= total) { /* not overwritten meanwhile */
		snprintf(entry->outcome, sizeof entry->outcome, "%s", outcome);
		entry->status = status;
		entry->completion_tokens = completion_tokens;
		entry->ended_us = clock_wall_us();
	}
	pthread_mutex_unlock(&lock);
}

static json_t *entry_json(const struct journal_entry *e)
{
	char received[CLOCK_RFC3339_SIZE], ended[CLOCK_RFC3339_SIZE] = "";

	clock_rfc3339(e->received_us, received);
	if (e->ended_us)
		clock_rfc3339(e->ended_us, ended);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:i, s:b, s:I, s:I, s:I, s:s, s:s}",
		"id", e->id, "api", e->api, "model", e->model, "prompt", e->prompt, "system",
		e->system, "first", e->first, "messages", (json_int_t)e->messages, "key", e->key,
		"outcome", e->outcome, "status", (int)e->status, "stream", (int)e->stream,
		"promptTokens", (json_int_t)e->prompt_tokens, "completionTokens",
		(json_int_t)e->completion_tokens, "blocks", (json_int_t)e->blocks, "received",
		received, "ended", ended);
}

void journal_write(struct buf *out)
{
	json_t *list = json_array(), *answer;
	char *text;

	pthread_mutex_lock(&lock);
	for (uint64_t i = total > JOURNAL_MAX ? total - JOURNAL_MAX : 0; i < total; i++)
		if (entries[i % JOURNAL_MAX])
			json_array_append_new(list, entry_json(entries[i % JOURNAL_MAX]));
	answer = json_pack("{s:I, s:o}", "total", (json_int_t)total, "requests", list);
	pthread_mutex_unlock(&lock);
	text = json_dumps(answer, JSON_COMPACT);
	if (text)
		buf_adds(out, text);
	free(text);
	json_decref(answer);
}
