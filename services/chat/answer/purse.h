/* Users who lately could pay for some answers more, by credits' word. Credits are not asked of them
 * again before an answer is stored: the hold decides. Engine thread. */
#ifndef CHAT_ANSWER_PURSE_H
#define CHAT_ANSWER_PURSE_H

#include "chat/answer/engine.h"

struct purses;

struct purses *purses_new(void);
void purses_free(struct purses *purses);
/* Credits held a price, and available is left. */
void purse_note(struct engine *engine, const char *user_id, int64_t held_microcredits,
		int64_t available_microcredits);
/* Credits refused. */
void purse_forget(struct engine *engine, const char *user_id);
/* Whether the user had enough lately. */
bool purse_full(const struct engine *engine, const char *user_id);

#endif
