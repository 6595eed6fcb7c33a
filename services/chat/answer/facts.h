/* The facts of one generation, and how it looks in answers and events. */
#ifndef CHAT_ANSWER_FACTS_H
#define CHAT_ANSWER_FACTS_H

#include "chat/chat.h"

/* The place of an answer among the messages with the same parent. */
struct family {
	int32_t count, index; /* 0: not known */
	char previous[UUID_SIZE], next[UUID_SIZE];
};

struct facts {
	char id[UUID_SIZE];
	char user_id[UUID_SIZE];
	char chat_id[UUID_SIZE];
	char user_message[UUID_SIZE];
	char assistant_message[UUID_SIZE];
	char model[MODEL_BYTES_MAX + 1];
	char asked_model[MODEL_BYTES_MAX + 1]; /* whose place it took; "": its own */
	char request_id[64];
	int32_t attempt;
	int64_t create_us;
	bool accepted; /* its price was held */
	/* The outcome; while it runs state is RUNNING and the rest is empty. */
	Chat__V1__Generation__State state;
	Chat__V1__StopReason stop_reason;
	int32_t prompt_tokens, completion_tokens;
	int32_t cached_tokens, cache_write_tokens, reasoning_tokens; /* of these */
	int64_t cost_microcredits;
	int64_t end_us;
	bool background;
	int64_t run_us;   /* when it is due, while it waits; 0: it does not */
	struct error err; /* code OK: it did not fail */
	struct family family;
};

/* Row 0 of generation_get or generation_watch. The family stays empty. */
void facts_read(struct facts *facts, const PGresult *rows);
/* A row of generation_end or generation_watch. */
void family_read(struct family *family, const PGresult *rows, int row);

/* In arena; text and reasoning are borrowed. */
void facts_generation(const struct facts *facts, struct arena *arena, Chat__V1__Generation *ret);
void facts_message(const struct facts *facts, struct arena *arena, char *text, char *reasoning,
		   Chat__V1__Message *ret);

#endif
