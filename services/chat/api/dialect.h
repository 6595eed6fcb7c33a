/* A format of the API that programs call. It reads a request into a prompt, and writes the events of
 * an answer. It knows nothing of generations, money or the database, and has no I/O.
 *
 * Threads. A request is read on a thread of the crew. A writer belongs to one thread at a time. */
#ifndef CHAT_API_DIALECT_H
#define CHAT_API_DIALECT_H

#include "chat/api_limits.h"
#include "chat/provider/prompt.h"
#include "chat/v1/generation.pb-c.h"
#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/status.h"

/* A request as it came. */
struct api_body {
	const struct api_limits *limits;
	const char *text;
	size_t len;
};

/* A request. All texts are in the arena that it was read into. */
struct api_request {
	const char *model;
	struct prompt prompt; /* max_output_tokens 0: the model's own limit */
	bool stream;
	bool stream_usage; /* chat completions: stream_options.include_usage */
	bool wants_opaque; /* responses: include has reasoning.encrypted_content */
	bool floats;       /* embeddings: vectors as numbers, not as base64 */
	const char *echo;  /* responses: the members of the request that the answer repeats,
	                           as JSON members with a comma behind each; NULL: none */
};

/* The head of an answer. */
struct api_head {
	const char *generation; /* UUID; writers make their ids of it, such as chatcmpl-… */
	const char *model;      /* as the caller named it */
	int64_t create_us;      /* microseconds since 1970 */
};

struct api_writer;

struct api_dialect {
	const char *
		name; /* "chat_completions", "responses", "messages", "embeddings": in rows and logs */
	const char *route; /* "/v1/chat/completions" */
	bool embeds;       /* it asks models of embeddings; others ask those that chat */

	/* Reads a body of JSON. What it does not know goes into prompt.extra; what it knows and cannot
	 * translate is refused. It is linear in len. Nothing of the body is needed afterwards.
	 * errors: INVALID_ARGUMENT with the field (json_invalid, field_required, field_invalid,
	 * parameter_unsupported), RESOURCE_EXHAUSTED call_too_large. */
	enum status (*read)(const struct api_body *body, struct arena *arena,
			    struct api_request *ret, struct error *reterr);

	/* A writer of one answer; head and request are copied as far as needed. */
	struct api_writer *(*writer_new)(const struct api_request *request,
					 const struct api_head *head);
	/* Appends to out what the event means to the caller: whole server-sent events of a stream,
	 * or, of an answer in one piece, nothing until `done` and the whole JSON then. Events come in
	 * order, from `accepted` on. `usage` comes before `done` and `error`.
	 * False: the answer cannot go on (a `reset` came after something was shown). */
	bool (*write)(struct api_writer *writer, const Chat__V1__GenerationEvent *event,
		      struct buf *out);
	/* The answer failed after it began. True: out has the dialect's own end of it, and the stream
	 * ends well. False: the error is the call's own end, which the gateway writes. */
	bool (*write_failure)(struct api_writer *writer, const struct error *err, struct buf *out);
	void (*writer_free)(struct api_writer *writer); /* NULL allowed */
};

extern const struct api_dialect dialect_chat_completions;
extern const struct api_dialect dialect_responses;
extern const struct api_dialect dialect_messages;
extern const struct api_dialect dialect_embeddings;

#endif
