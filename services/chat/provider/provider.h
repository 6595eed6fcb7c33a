/* Providers of models: where they are, with which keys, and how they are spoken to. */
#ifndef CHAT_PROVIDER_PROVIDER_H
#define CHAT_PROVIDER_PROVIDER_H

#include "chat/provider/prompt.h"
#include "chat/provider/think.h"
#include "chat/provider/usage.h"
#include "runtime/base/buf.h"
#include "runtime/base/uuid.h"
#include "runtime/http/http.h"
#include "runtime/json/mend.h"

#define PROVIDERS_MAX 32
#define PROVIDER_KEYS_MAX 64
/* Requests a minute up to which the uses of a key are counted over all replicas, in its row. */
#define PROVIDER_SHARED_MAX 1000
#define PROVIDER_OPENROUTER_URL "https://openrouter.ai/api/v1"
#define PROVIDER_OPENAI_URL "https://api.openai.com/v1"

/* One key of a provider. The engine thread alone reads and changes the members below the secret. */
struct provider_key {
	char *secret;                /* NULL: the provider wants none. Wiped with the set */
	char id[UUID_SIZE];          /* of its row; "": it has none */
	int32_t requests_per_minute; /* any 60 s; 0: no limit */
	bool off;                    /* turned off, or refused by the provider */
	int32_t noting;              /* refusals that are on their way into its row */
	int64_t noted_us;            /* when the last one was there, clock_mono_us */
	int64_t full_us;             /* its row has no room until this clock_mono_us */
	int64_t cooldown_us;         /* it rests for every model until this clock_mono_us */
	int64_t used_us;             /* when it was last given out */
	int64_t *minute;             /* ring of the last uses here; NULL: none is kept */
	size_t minute_at;            /* the oldest of the ring */
};

struct provider {
	const char *name;     /* as chat.yaml has it */
	const char *base_url; /* ends before "/chat/completions", without a slash */
	const char *query;    /* "?api-version=…" that belongs behind every path; "": none */
	bool local;           /* on this machine or in its network: models are loaded when asked */
	bool azure;           /* takes keys in a header of its own */
	bool discover;        /* its models are asked for */
	const char *proxy;    /* NULL: none */
	const char *model;    /* its name for models without a name there; NULL: none */
	bool demo;            /* answers are canned */
	const struct provider_api *api;
	struct provider_key *keys;
	size_t n_keys; /* at least 1 */
};

/* One way to reach a model. */
struct provider_route {
	const struct provider *provider;
	const char *upstream; /* the model's name there */
	struct route_state *state;
};

/* Knowledge that a route gains in use. Engine thread only. */
struct route_key {
	int64_t cooldown_us; /* until which the key rests for this model */
	int32_t failures;    /* in a row; each doubles the rest */
	int32_t failed;      /* answers in a row that the server failed */
};
struct route_state {
	uint8_t refused;        /* parameters that the model does not take there */
	struct route_key *keys; /* one for each key of the provider */
};

/* Reads a base address into base_url, query, local and azure. Blanks around it and slashes at its
 * end do not matter. errors: INVALID_ARGUMENT config_invalid with the name of the provider. */
_must_check_ enum status provider_url_read(const char *name, const char *text, struct arena *arena,
					   struct provider *ret, struct error *reterr);
/* The address of path on the provider's server. */
char *provider_url(struct arena *arena, const struct provider *provider, const char *path);
/* The header that shows the key; NULL: none is wanted. */
const char *provider_authorization(struct arena *arena, const struct provider *provider,
				   const struct provider_key *key);

/* The headers of a question without a body, NULL-terminated, in arena. */
const char *const *provider_get_headers(struct arena *arena, const struct provider *provider,
					const struct provider_key *key);

/* One item of `providers` in chat.yaml. */
struct provider_conf {
	const char *name;
	const char *api;
	const char *base_url; /* "": not used */
	const char *keys;     /* separated by commas or white space */
	const char *proxy;
	const char *model;
	const char *discover;
	int64_t requests_per_minute;
};

/* The providers that can be asked, in the order in which they are tried. */
struct provider_set {
	struct provider providers[PROVIDERS_MAX];
	size_t n;
	const char *const *names; /* all that chat.yaml lists; NULL-terminated */
};

/* A key that an administrator added. */
struct provider_secret {
	char id[UUID_SIZE];
	const char *provider;
	char *secret;
	int32_t requests_per_minute;
};

/* Where keys come from beside chat.yaml, and how those of chat.yaml get their ids. */
struct provider_source {
	void (*id_of)(const void *ctx, const char *provider, const char *secret,
		      char out[UUID_SIZE]);
	const void *ctx;
	const struct provider_secret *secrets; /* copied */
	size_t n_secrets;
};

/* confs: NULL-terminated. source: NULL: chat.yaml alone, and keys without ids. All texts and keys of the set are in arena. errors: INVALID_ARGUMENT
 * config_invalid with the provider's name and the key at fault. */
_must_check_ enum status provider_set_read(const struct provider_conf *const *confs,
					   const struct provider_source *source,
					   struct arena *arena, struct provider_set *ret,
					   struct error *reterr);
/* Overwrites all secrets, before the arena is freed. */
void provider_set_wipe(const struct provider_set *set);
/* The key of a provider by the id of its row. NULL: it has no such key. */
struct provider_key *provider_key_find(const struct provider *provider, const char *id);

enum stop {
	STOP_NONE, /* the provider has named no end */
	STOP_STOP,
	STOP_LENGTH,
	STOP_FILTER,
	STOP_TOOL, /* it waits for the results of tools */
};

/* One answer while it comes. provider_stream_add calls the sinks, the adapter fills the rest. */
struct provider_stream {
	void (*on_text)(void *ctx, const char *text, size_t len);
	void (*on_reasoning)(void *ctx, const char *text, size_t len);
	/* One item beside the text: a JSON object on one line (docs/modules/providers.md). NULL: the
	 * caller wants none. */
	void (*on_item)(void *ctx, const char *json, size_t len);
	void *ctx;
	const char *retry_after; /* header of the answer, or NULL */
	bool full;               /* set by a sink: no more is wanted */
	int32_t calls_max;       /* of tools, set by the caller; 0: it offers none */
	bool wants_logprobs;     /* set by the caller */
	/* Set by the caller: of the prompt, when vectors are asked for instead of words. */
	struct prompt_embedding embedding;

	enum stop stop;     /* reason of the end */
	bool done;          /* the provider said that nothing more comes */
	bool last_usage;    /* usage came in an event of its own, which is the last one */
	bool deltas, whole; /* it came in pieces; in one piece */
	bool wrote_text;    /* more than white space */
	bool wrote_thought;
	bool wrote_refusal; /* its text says why there is no answer */
	bool wants_tool;    /* it called one */
	bool has_usage;
	bool usage_begun;   /* its output is that of the beginning: the last count has not come */
	struct usage usage; /* as the provider says it; may be false */

	struct mend text, thought; /* halves of characters between two pieces */
	struct think think;
	struct buf scratch;

	int32_t n_calls;    /* of tools that we offered */
	struct call *calls; /* item.h; calls_max, NULL: none yet */
	struct buf item;    /* that is being written */
	struct buf block;   /* of thoughts that comes in pieces */
	bool block_signed,
		answer_tool;     /* Anthropic's: of the block; whether a call is our schema's */
	struct details *details; /* OpenRouter's (details.h); NULL: none yet */
};

/* Kinds of pieces of an answer. */
enum part { PART_TEXT, PART_THOUGHT, PART_REFUSAL };

void provider_stream_done(struct provider_stream *stream);
/* Takes a piece out of a JSON string: repaired, thoughts sorted out. */
void provider_stream_add(struct provider_stream *stream, enum part part, struct peek string);
/* No more comes. */
void provider_stream_end(struct provider_stream *stream);

/* Verdicts on a failed try: the next one, and the key or model that rests. */
enum fault_kind {
	FAULT_RETRY, /* another try may succeed; nothing rests */
	FAULT_BUSY,  /* another try may succeed after a rest of this key for this model */
	FAULT_MODEL, /* this key does not get this model: both rest together; another way may do */
	FAULT_KEY,   /* the key is refused or used up: it rests for every model */
	FAULT_PRICE, /* the account cannot pay for so long an answer; nothing rests */
	FAULT_PARAMETER, /* the model does not take one parameter; nothing rests */
	FAULT_UNCLEAR,   /* refused without a reason: another way may do; nothing rests */
	FAULT_FINAL,     /* the request is at fault: no try succeeds; nothing rests */
};

/* Parameters that some models refuse: bits. */
enum parameter {
	PARAMETER_MAX_TOKENS = 1,
	PARAMETER_MAX_COMPLETION_TOKENS = 2,
	PARAMETER_TEMPERATURE = 4,
	PARAMETER_TOP_P = 8,
	PARAMETER_STREAM_OPTIONS = 16,
	PARAMETER_REASONING_SUMMARY = 32,
	PARAMETER_THINKING_BUDGET = 64,
};
#define PARAMETERS_N 7

struct provider_fault {
	enum fault_kind kind;
	int64_t retry_after_ms; /* as the provider asked for it; -1: it did not */
	uint8_t parameter;      /* of FAULT_PARAMETER: the refused one */
	bool refused;           /* of FAULT_KEY: 401, the key itself is not taken */
	bool once;              /* … beside another one of this request, not always */
	int32_t fewer_tokens;   /* an answer of so many tokens would do; 0: not said */
	struct error err;       /* in our words: the provider's may quote the key or the prompt */
};

/* The way that a try takes. */
struct provider_pick {
	const struct provider_route *route;
	struct provider_key *key;
};

/* Ways that one answer does not try again, or tries last; zeroed when it begins. */
struct provider_avoid {
	uint64_t keys[PROVIDERS_MAX]; /* bits: keys of each route */
	uint32_t last;                /* bits: routes */
	uint32_t failed;              /* bits: routes whose server failed it */
};

enum provider_event {
	PROVIDER_EVENT_READ,
	PROVIDER_EVENT_ODD,   /* nothing in it can be read: passed over */
	PROVIDER_EVENT_ERROR, /* it says that there is no answer; fault says why */
};

/* One API that providers speak: a file of this folder, which says PROVIDER_API(it). */
struct provider_api {
	const char *name; /* `api` in chat.yaml */
	bool canned; /* its answers are no model's: the page says so, and its keys never rest */
	bool embeds; /* it has embeddings (embeddings.h) */
	const char *base_url;   /* where it is when chat.yaml does not say; NULL: unknown */
	const char *key_header; /* that the key stands in; NULL: "Authorization: Bearer " */
	const char *header;     /* that each request has beside the key; NULL: none */
	/* Writes the request; strings in arena, the body in body. without: parameters that are left
	 * out. errors: RESOURCE_EXHAUSTED. */
	enum status (*request)(const struct provider_pick *pick, const struct prompt *prompt,
			       uint8_t without, struct arena *arena, struct buf *body,
			       struct http_request *ret, struct error *reterr);
	/* Takes one event of the answer: a name ("message" when it has none) and its data. */
	enum provider_event (*event)(struct provider_stream *stream, const char *name,
				     const char *data, size_t len, struct provider_fault *fault);
	/* The verdict on an answer with another status than 200. body: its first 4 KiB. */
	void (*refusal)(int32_t status, const char *retry_after, const char *body, size_t len,
			struct provider_fault *fault);
};

/* Adds an API to the list of provider_api_find. The linker collects the rows, so that no other file
 * names an API. */
#define PROVIDER_API(api)                                                                      \
	__attribute__((                                                                        \
		used,                                                                          \
		section("provider_apis"))) static const struct provider_api *const api##_row = \
		&(api)

/* NULL: no file of this folder has it. */
const struct provider_api *provider_api_find(const char *name);
/* The names of all APIs, for people. */
const char *provider_api_names(struct arena *arena);

extern const struct provider_api provider_openai;

/* The verdict on an error, by the one table of fault.c: status and the words of its body. status
 * 200: the error came within an answer (an event, or JSON); its own code counts then. retry_after:
 * that header, or NULL. */
void provider_fault_body(int32_t status, const char *retry_after, const char *body, size_t len,
			 struct provider_fault *fault);
/* … by the status alone. */
void provider_fault_status(int32_t status, struct provider_fault *fault);
void provider_fault_broken(struct provider_fault *fault, const char *what);
/* The time of the answer's headers at which to come back: retry-after-ms, retry-after, or
 * x-ratelimit-reset of a limit that is used up. "": they name none. In on_head. */
#define RETRY_AFTER_SIZE 64
void retry_after_read(struct http_transfer *transfer, char out[RETRY_AFTER_SIZE]);
/* A transfer that ended by itself with this status. */
void provider_fault_transfer(enum status status, struct provider_fault *fault);

/* Keys whose uses are counted in their rows: one of them must be taken there first. */
struct provider_ask {
	struct provider_pick picks[PROVIDER_KEYS_MAX];
	int32_t ranks[PROVIDER_KEYS_MAX]; /* of their routes; the lowest one is preferred */
	size_t n;
};

/* The first route that has a free key, and its key that rested longest; counts the use. Keys that
 * stand before it and are counted in their rows are in *ret_ask; ret->key may be NULL then. False:
 * all rest. *ret_wait_us is then the shortest time until one is free, INT64_MAX: none will be. */
bool provider_pick(const struct provider_route *routes, size_t n, int64_t now_us,
		   const struct provider_avoid *avoid, struct provider_pick *ret,
		   struct provider_ask *ret_ask, int64_t *ret_wait_us);
/* A use that provider_pick counted, but another key was taken. */
void provider_unpick(const struct provider_pick *pick);

/* What the other replicas must know of a report. */
struct provider_note {
	bool rests, refused;
	bool of_model;    /* else for every model */
	int64_t rest_ms;  /* 0: a row of failures is over */
	int32_t failures; /* in a row */
};

/* Takes note of how the try of one of routes ended; fault NULL: well. By it the key rests, for this
 * model or for all, and the answer avoids the way that refused it. */
void provider_report(const struct provider_route *routes, const struct provider_pick *pick,
		     int64_t now_us, const struct provider_fault *fault,
		     struct provider_avoid *avoid, struct provider_note *ret);
/* The state of a new route, in arena. refused: parameters that the catalogue names. */
struct route_state *route_state_new(const struct provider *provider, uint8_t refused,
				    struct arena *arena);

#endif
