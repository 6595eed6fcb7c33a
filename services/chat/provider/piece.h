/* The items of an answer beside its text, each one JSON object on one line
 * (docs/modules/providers.md). Each is valid JSON, whatever the provider sent. */
#ifndef CHAT_PROVIDER_PIECE_H
#define CHAT_PROVIDER_PIECE_H

#include "chat/provider/provider.h"

/* Prefix of the ids of calls that this program makes where an API gives none. */
#define ITEM_OWN_ID "call_own"

/* Appends value as compact JSON: strings repaired, white space left out. False: it is none, and out
 * is as before. */
bool item_json(struct peek value, struct buf *out);

/* Begins a call of a tool and counts it. at: its place as the API numbers it. id: a string, or none:
 * then one is made, and ret_id has it (may be NULL). Returns its index, or -1 when no tool was
 * offered: the call is only noted. */
int32_t item_call(struct provider_stream *stream, int64_t at, struct peek id, struct peek name,
		  char ret_id[64]);
/* The index of the call that began at this place; the last one when none did; -1: there is none. */
int32_t item_call_at(const struct provider_stream *stream, int64_t at);
/* Goes on with the arguments of a call. value: a string that holds a piece of JSON, or the JSON
 * itself. */
void item_arguments(struct provider_stream *stream, int32_t index, struct peek value);
/* Whether anything of the arguments was written. */
bool item_has_arguments(const struct provider_stream *stream, int32_t index);
/* A block that goes back to the API of this name, verbatim. json: an object on one line. */
void item_reasoning(struct provider_stream *stream, const char *api, const char *json);
/* list: an array in OpenAI's shape, on one line. */
void item_logprobs(struct provider_stream *stream, const char *list);
/* A source that the answer names. title: may be none. */
void item_citation(struct provider_stream *stream, struct peek url, struct peek title);

#endif
