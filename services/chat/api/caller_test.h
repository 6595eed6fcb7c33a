/* A program that calls the API: its request, and the pieces of the answer's body. */
#ifndef CHAT_API_CALLER_TEST_H
#define CHAT_API_CALLER_TEST_H

#include "../chat_test.h"

/* How the next calls of a stage are made, beside what the stage says. */
struct manner {
	enum { CHAT_COMPLETIONS, RESPONSES, MESSAGES, EMBEDDINGS } format;
	const char *api_key;       /* "": a session calls */
	const char *of_key;        /* the key's policy when its client leaves */
	const char *on_disconnect; /* the header; NULL: none */
	const char *retry_count;   /* the header; NULL: none */
};

struct caller {
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	struct rpc_client_call *call; /* NULL: it ended */
	bool paused;
	char content_type[64]; /* of the first piece */
	size_t n_pieces;
	struct buf body;
	bool ended;
	enum status status;
	struct error err;
};

/* A request of chat completions for this model and text. */
char *caller_body(struct stage *stage, const char *model, const char *text, bool stream);
struct caller *caller_call(struct stage *stage, const struct manner *manner, const char *body);
/* The same, to its end, which must be good: the answer's text. */
char *caller_answer(struct stage *stage, const struct manner *manner, const char *body);
void caller_free(struct caller *caller);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct caller *, caller_free);
void caller_leave(struct caller *caller);
void caller_pause(struct caller *caller);
void caller_resume(struct caller *caller);
void caller_wait_pieces(struct caller *caller, size_t n);
void caller_wait_words(struct caller *caller, const char *words);
void caller_wait_end(struct caller *caller);
/* The text in what came until now. */
char *caller_text(struct stage *stage, struct caller *caller);
void caller_expect_whole(struct stage *stage, struct caller *caller, const char *text);
void caller_expect_refused(struct caller *caller, enum status status, const char *reason);

/* A budget of the stage's user for an API key. */
void caller_budget(struct stage *stage, const char *id, int64_t limit);
/* Generations of the stage's user in a state ("": any). */
int calls_in(struct stage *stage, const char *state);
/* Waits until the price of an answer of the stage's user is held: it has begun for certain. */
void calls_wait_held(struct stage *stage);

#endif
