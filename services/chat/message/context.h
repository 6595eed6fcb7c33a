/* The prompt of a model: its project's instructions and enabled prompts as the system's turn, and
 * the branch of the tree that ends in the user's message. The branch is cut to the tokens that it
 * may have, oldest first and never inside a message. It has turns (turns.h). */
#ifndef CHAT_MESSAGE_CONTEXT_H
#define CHAT_MESSAGE_CONTEXT_H

#include "chat/chat.h"

struct context {
	struct prompt_message *turns;
	size_t n; /* 0: the branch does not fit */
	int32_t bytes;
	int32_t tokens;          /* by our count; with n == 0 those of the project's texts */
	char project[UUID_SIZE]; /* of the chat; "": none */
};

/* The branch that ends in message, within tokens_max; texts are in arena.
 * errors: those of db, RESOURCE_EXHAUSTED call_too_large, INVALID_ARGUMENT field_required. */
_must_check_ enum status context_read(struct db *db, const char *message, int64_t tokens_max,
				      struct arena *arena, struct context *ret,
				      struct error *reterr);

/* A question that is not stored yet. */
struct context_ask {
	const char *chat;
	const char *parent; /* "": the last message of the branch that is shown */
	int64_t room;       /* tokens that the prompt may have */
	int64_t text_tokens;
};

/* The size of its prompt. */
struct context_size {
	int32_t tokens;         /* of all, by our count */
	int32_t project_tokens; /* … of the project's texts */
	int32_t messages;       /* with the question; 0: it does not fit */
	int32_t cut;            /* older messages of the branch that are left out */
};

/* As context_read would read it, without the texts.
 * errors: those of db, NOT_FOUND not_found, INVALID_ARGUMENT parent_unknown. */
_must_check_ enum status context_measure(struct db *db, const char *user_id,
					 const struct context_ask *ask, struct context_size *ret,
					 struct error *reterr);

#endif
