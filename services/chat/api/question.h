/* The question of a program, as a dialect reads it, with our count of its tokens. */
#ifndef CHAT_API_QUESTION_H
#define CHAT_API_QUESTION_H

#include "chat/api/dialect.h"
#include "chat/catalogue/tokens.h"
#include "chat/chat.h"

/* Of an image, for holds and windows: what providers count depends on its size and on the model, and
 * this is the most of OpenAI and Anthropic. */
#define TOKENS_PER_IMAGE 1600
#define TOKENS_PER_TOOL 12 /* around each tool's name, description and schema */

struct question {
	struct arena *arena; /* holds all texts of request */
	const struct api_dialect *dialect;
	struct api_request request;
	int32_t tokens; /* in o200k */
	int32_t bytes;  /* that a provider may find a token in */
	/* Of a stored one. */
	bool cancel_unread;
	char api_key_id[UUID_SIZE];
};

/* Reads and counts a body, which is not needed afterwards. On the crew's threads. errors: those of the dialect. */
_must_check_ enum status question_read(struct question *question, const struct api_dialect *dialect,
				       struct tokens *tokens, const struct api_body *body,
				       struct error *reterr);
/* The question that is stored with a generation. errors: those of db and of the dialect. */
_must_check_ enum status question_stored(struct db *db, const char *generation,
					 struct tokens *tokens, const struct api_limits *limits,
					 struct question *ret, struct error *reterr);
void question_done(struct question *question);

#endif
