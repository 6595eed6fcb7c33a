/* A stand-in for a provider, for the demo and for tests: OpenAI's chat completions, Responses and
 * embeddings, Anthropic's messages, and Gemini's generateContent, with canned answers, and faults on
 * request. It wants to be asked as the real ones do.
 *
 * The last message, or the last result of a tool, may hold directives:
 *   [[fault:NAME key=value …]]  a fault, see fault.c
 *   [[say:TEXT]]                the answer is exactly this
 *   [[think:TEXT|TEXT]]         it thinks this first, and signs its thoughts, which come one by one
 *                               (as one from Gemini and Responses)
 *   [[tool:NAME]]               it calls this tool at the end, with {"q":"x"}
 *   [[arguments:N]]             the call's argument has N numbered words, which come one by one
 *                               (at once from Gemini and Responses)
 *   [[cached:N]] [[written:N]]  so many of the prompt's tokens came from the cache, went to it
 *   [[whole:1]]                 the answer comes in one piece, also where a stream was asked for
 *   [[tokens:N]]                the answer has N tokens
 *   [[pace:N]]                  tokens a second; 0: at once
 *   [[first:MS]]                wait before the first token
 *   [[refuse:NAME,NAME]]        a model that does not take these parameters
 *   [[numbers]]                 this input's vector is a list of numbers, also where base64 was asked for
 *   [[strict:1]]                a template that wants user and assistant in turns
 *
 * The header x-standin-fault takes the same text as [[fault:…]]. Where several questions were
 * joined to one prompt by blank lines, the directives of the last one hold. */
#ifndef TOOLS_STANDIN_STANDIN_H
#define TOOLS_STANDIN_STANDIN_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/status.h"
#include "runtime/httpd/httpd.h"
#include "runtime/process/process.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire; /* exchange.h */

struct standin_conf {
	struct process_conf process;
	const char *const *listen;
	const char *api_key;            /* the only one accepted; "": any */
	const char *control_token;      /* of the routes of tests; "": they are off */
	int64_t pace;                   /* tokens a second; 0: at once */
	int64_t first_ms;               /* before the first token */
	const char *const *models;      /* the names that it knows; none: any */
	const char *stripe_key;         /* the only one that Stripe's part accepts; "": any */
	const char *stripe_webhook_url; /* "": nobody is told */
	const char *stripe_webhook_secret;
};

enum fault_kind {
	FAULT_NONE,
	FAULT_STATUS,      /* answer with an error status */
	FAULT_CUT,         /* close the connection after `after` tokens */
	FAULT_STALL,       /* say nothing more after `after` tokens */
	FAULT_BROKEN_JSON, /* an event after `after` tokens is no JSON */
	FAULT_BROKEN_UTF8,
	FAULT_USAGE,      /* usage says `value` for both counts, or nothing when absent */
	FAULT_WRONG_TYPE, /* an HTML page with status 200 */
	FAULT_TWO_DONES,  /* `[DONE]` twice */
	FAULT_DRIP,       /* each byte `value` ms after the one before */
	FAULT_LONG_LINE,  /* one event of `value` bytes */
	FAULT_BODY,       /* exactly `data`, whatever it is */
	FAULT_ERROR,      /* an error within the answer after `after` tokens; status `value` */
};

struct fault {
	enum fault_kind kind;
	int32_t status; /* of FAULT_STATUS */
	int64_t after;  /* tokens that are sent as usual first */
	int64_t value;
	bool has_value;
	int64_t retry_after; /* seconds, header Retry-After; -1: none */
	int64_t times;       /* only the first so many requests with this key; 0: all */
	char key[64];
	char header[64]; /* of FAULT_STATUS: one more, "name:value" */
	char more[64];   /* … and another */
	char says[24];   /* of FAULT_STATUS: the words of a provider, see completion.c */
	/* Of FAULT_BODY. */
	char type[40];     /* Content-Type; "": text/event-stream, "none": no such header */
	char encoding[16]; /* Content-Encoding; "": no such header */
	char end[8];       /* "cut", "open"; "": in good order */
	const char *data;  /* base64url, in the text that was parsed */
	size_t data_len;
};

/* Reads "NAME key=value …". False: no such fault or key. */
bool fault_parse(const char *text, size_t len, struct fault *ret);
/* Whether this request still gets the fault. Counts it. */
bool fault_applies(const struct fault *fault);

/* A question; texts in the arena. */
struct question {
	const char *model;
	const char *prompt; /* last user message */
	const char *system; /* first system message; NULL: none */
	const char *first;  /* first user message; NULL: none */
	int64_t messages;   /* with that of the system */
	bool stream, include_usage;
	int64_t max_tokens; /* 0: no limit */
	int64_t prompt_tokens;
	int64_t pace, first_ms;
	int64_t tokens;           /* of [[tokens:N]]; 0: the answer's own length */
	const char *say;          /* of [[say:…]], or NULL */
	const char *think, *tool; /* of [[think:…]] and [[tool:…]], or NULL */
	int64_t arguments;        /* of [[arguments:N]] */
	int64_t cached, written;  /* of [[cached:N]] and [[written:N]] */
	int64_t blocks;           /* signed thoughts that came back with the question */
	struct fault fault;
};

/* An answer to a bad request, as OpenAI gives it. */
struct refusal {
	int32_t status;
	const char *type, *code, *param; /* code, param: NULL for null */
	char message[256];
};

/* Whether the stand-in has a model of this name. */
bool model_known(const struct standin_conf *conf, const char *name);

/* Reads and checks the body. False: ret_refusal is filled. */
bool question_read(const struct httpd_request *req, const struct standin_conf *conf,
		   const struct wire *wire, struct arena *arena, struct question *ret,
		   struct refusal *ret_refusal);

/* Tokens as this provider counts them: about four characters each. */
int64_t count_tokens(const char *text);

/* The answer in pieces of one token; the same question gives the same answer. Returns how many. */
size_t answer_tokens(const struct question *question, struct arena *arena, const char *const **ret);
/* The thoughts before it. */
size_t answer_thoughts(const struct question *question, struct arena *arena,
		       const char *const **ret);
/* The arguments of the call of a tool in pieces, a JSON text. */
size_t answer_arguments(const struct question *question, struct arena *arena,
			const char *const **ret);

/* One line of the request log, kept for GET /standin/requests (with the control token). */
struct journal_entry {
	char id[48];
	char api[16]; /* the wire format */
	char model[100];
	char prompt[200];
	char key[24];     /* the end of the caller's key */
	char system[200]; /* "": none */
	char first[64];
	int64_t messages;
	char outcome[32]; /* "running", "done", "client gone", "fault" … */
	int32_t status;
	bool stream;
	int64_t prompt_tokens, completion_tokens;
	int64_t blocks;                /* signed thoughts that came back with the question */
	int64_t received_us, ended_us; /* wall clock */
};

/* The last 10,000 requests. Any thread. begin returns the number that journal_end takes. */
uint64_t journal_begin(const struct journal_entry *entry);
void journal_end(uint64_t number, const char *outcome, int32_t status, int64_t completion_tokens);
/* {"requests":[…],"total":n}, oldest first. */
void journal_write(struct buf *out);

/* Answers a question in the wire format of its route. */
void completion_handle(struct httpd_request *req, const struct standin_conf *conf,
		       const struct wire *wire);
/* Answers with the list of models, as this format has it. */
void models_handle(struct httpd_request *req, const struct standin_conf *conf,
		   const struct wire *wire);
/* Whether the request has a key that is accepted. False: it is answered. */
bool key_fits(struct httpd_request *req, const struct standin_conf *conf, const struct wire *wire);

#endif
