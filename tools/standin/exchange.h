/* One exchange, and the formats that one can have. completion.c drives it; a file of each format
 * (wire_*.c) reads the request and writes what is sent. */
#ifndef TOOLS_STANDIN_EXCHANGE_H
#define TOOLS_STANDIN_EXCHANGE_H

#include "tools/standin/standin.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"

#include <jansson.h>

struct exchange {
	struct httpd_request *req;
	struct arena *arena;
	struct question question;
	const char *const *tokens;
	size_t n_tokens, next;       /* next to be sent */
	const char *const *thoughts; /* before the tokens */
	size_t n_thoughts, next_thought;
	const char *const *pieces; /* of the arguments of its call, behind the tokens */
	size_t n_pieces, next_piece;
	bool called; /* the begin of the call was sent */
	const char *finish_reason;
	char id[48];
	int64_t created; /* seconds since 1970 */
	int64_t due_us;  /* of the next token, clock_mono_us */
	uint64_t journal;
	bool head_sent; /* the chunk that names the role */
	bool faulted;   /* the fault has happened */
	atomic_bool gone;
	const struct wire *wire;
	int64_t sequence; /* number of the next event, where the format numbers them */
	size_t dripped;   /* bytes of FAULT_DRIP */
};

/* Signatures of thoughts begin so. Another one that comes back is refused, as real ones do. */
#define SIGNATURE "c3RhbmQtaW4t"
#define SIGNATURE_SIZE 32

/* What an answer used. */
struct counts {
	int64_t in;              /* all tokens of the prompt */
	int64_t cached, written; /* … of these */
	int64_t out;             /* tokens of the answer without thoughts */
	int64_t thoughts;
};

/* One wire format. The functions that write a stream append whole events to out. */
struct wire {
	const char *name;
	/* The request as OpenAI's chat completions would have it; NULL: refusal is filled. */
	json_t *(*read)(const struct httpd_request *req, json_t *body, struct arena *arena,
			struct refusal *refusal);
	void (*head)(struct exchange *x, struct buf *out); /* before the first token */
	/* One thought and its signature; NULL: head writes them all. */
	void (*thought)(struct exchange *x, const char *text, struct buf *out);
	void (*token)(struct exchange *x, const char *text, struct buf *out);
	/* Begins the call of a tool, and goes on with its arguments. NULL: finish writes it whole. */
	void (*call)(struct exchange *x, struct buf *out);
	void (*piece)(struct exchange *x, const char *text, struct buf *out);
	void (*finish)(struct exchange *x, struct buf *out);
	/* The whole answer of a request that wants no stream. */
	json_t *(*whole)(struct exchange *x, const char *text);
	json_t *(*error)(struct refusal *refusal, int64_t retry_after);
	/* An error within a stream. */
	void (*failed)(struct exchange *x, struct refusal *refusal, struct buf *out);
	bool wordless;                       /* its answers have no text */
	const char *key_header, *key_prefix; /* where the key stands */
	const char *broken_json, *broken_utf8;
};

extern const struct wire wire_openai, wire_gemini, wire_responses, wire_anthropic;
extern const struct wire wire_anthropic_count, wire_embeddings;

/* The counts of the usage, as the fault has them. False: it takes them away. */
bool exchange_usage(const struct exchange *x, struct counts *ret);
/* The text of the answer so far, in the arena. */
const char *exchange_text(const struct exchange *x);
/* All arguments of its call, in the arena. */
const char *exchange_arguments(const struct exchange *x);
/* The signature of a thought. It covers every byte, so a changed thought is noticed. */
void signature_make(const char *thought, char out[SIGNATURE_SIZE]);
bool signature_fits(const char *thought, const char *signature);
/* Appends one event: its name (NULL: none) and its data (taken), with this end of line. */
void exchange_event(struct buf *out, const char *name, json_t *data, const char *newline);

/* Fills a refusal with status 400; false. */
_printf_(4, 5) bool refuse(struct refusal *refusal, const char *param, const char *code,
			   const char *format, ...);

#endif
