/* The items of an answer beside its text, each one JSON object on one line
 * (docs/modules/providers.md). Each is valid JSON, whatever the provider sent. */
#ifndef CHAT_PROVIDER_ITEM_H
#define CHAT_PROVIDER_ITEM_H

#include "chat/provider/provider.h"

/* Prefix of the ids of calls that this program makes where an API gives none. */
#define ITEM_OWN_ID "call_own"

/* A call as the provider names it. */
struct call {
	int64_t place; /* its index there; -1: it has none */
	uint32_t id;   /* hash; 0: it has none */
	bool has_arguments;
	struct mend mend; /* half of a character between two pieces of its arguments */
};

/* Appends a JSON value on one line, verbatim but for white space between its members. Strings that
 * no parser takes are repaired. False: it is no JSON, and out is as before. */
bool item_json(struct peek value, struct buf *out);

/* Appends the names and arguments of all calls in a text of items, one on each line: what the model
 * wrote of them. */
void item_words(const char *items, size_t len, struct buf *out);

/* Begins a call of a tool and counts it. place: as the API numbers it, -1: it does not. id: a
 * string, or none: then one is made. Returns its index, or -1 when no tool was offered: the call is
 * only noted. */
int32_t item_call(struct provider_stream *stream, int64_t place, struct peek id, struct peek name);
/* … and says its id, as it stands in the item. One that is longer than this gets an own one. */
#define ITEM_ID_SIZE 64
int32_t item_call_named(struct provider_stream *stream, struct peek id, struct peek name,
			char ret_id[ITEM_ID_SIZE]);
/* The call that a piece belongs to, begun if it is new; -1: there is none. Some servers repeat the
 * id, some leave out the place, some give all calls the same one. */
int32_t item_call_find(struct provider_stream *stream, int64_t place, struct peek id,
		       struct peek name);
/* The index of the call that began at this place; -1: none did. */
int32_t item_call_at(const struct provider_stream *stream, int64_t place);
/* Goes on with the arguments of a call. value: a string that holds a piece of JSON, or the object
 * itself. */
void item_arguments(struct provider_stream *stream, int32_t index, struct peek value);
/* Whether anything of the arguments was written. */
bool item_has_arguments(const struct provider_stream *stream, int32_t index);
/* A block that goes back to the API of this name, verbatim: a JSON value. */
void item_reasoning(struct provider_stream *stream, const char *api, struct peek data);
/* list: an array in OpenAI's shape. */
void item_logprobs(struct provider_stream *stream, struct peek list);
/* A source that the answer names. title: may be none. */
void item_citation(struct provider_stream *stream, struct peek url, struct peek title);
/* The caller's text that ended the answer. */
void item_stop_sequence(struct provider_stream *stream, struct peek text);

#endif
