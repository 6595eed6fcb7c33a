/* One answer of a provider: bytes in, text out, and a verdict at the end. */
#ifndef CHAT_PROVIDER_ANSWER_H
#define CHAT_PROVIDER_ANSWER_H

#include "chat/provider/provider.h"

struct provider_answer {
	const struct provider_api *api;
	struct provider_stream stream;
	/* By the first byte. Content-Type is not asked. */
	enum { FORM_UNKNOWN, FORM_EVENTS, FORM_OBJECTS } form;
	struct sse_reader sse;
	struct objects {
		struct buf text; /* of the object that has begun */
		size_t depth;
		bool in_string, escaped;
	} objects;
	size_t skipped; /* events in which nothing could be read */
	bool failed;    /* the provider said that there is no answer; fault says why */
	struct provider_fault fault;
};

/* event_bytes_max: of one event, or of an answer that comes as one JSON text. The caller sets the
 * sinks of stream. */
void answer_init(struct provider_answer *answer, const struct provider_api *api,
		 size_t event_bytes_max);
void answer_done(struct provider_answer *answer);
/* False: the rest is not wanted. */
bool answer_feed(struct provider_answer *answer, const void *data, size_t len);
/* No more comes. Gives the rest to the sinks. */
void answer_end(struct provider_answer *answer);
/* Whether the provider said that this is all of the answer. Its usage may still come. */
bool answer_finished(const struct provider_answer *answer);

/* How the bytes ended. */
enum transport {
	TRANSPORT_CUT,    /* the connection broke, or time was over */
	TRANSPORT_CLOSED, /* the body came to its own end */
};

/* The verdict on an answer that ended. */
struct ending {
	bool done;          /* it is whole */
	bool charged;       /* its tokens are paid for */
	bool again;         /* nothing came: another try may begin */
	const char *reason; /* word of the error when it is not done; NULL: the fault's */
};
/* ending.c: the table. After answer_end. */
struct ending answer_ending(const struct provider_answer *answer, enum transport transport);
/* The message for the word of an ending. */
const char *answer_ending_text(const char *reason);

#endif
