/* The states of an answer, each with its step, and the moves between them. */
#ifndef CHAT_ANSWER_STAGE_H
#define CHAT_ANSWER_STAGE_H

#include "chat/answer/generation.h"

/* Enters the generation into the engine and begins its first step; takes the caller's reference. */
void stage_run(struct generation *generation);

/* Whether the table has the move. */
bool stage_allows(enum stage from, enum stage to);
/* Makes a move and begins its step; what generation_advance calls. A move that the table lacks is
 * a mistake in the program. It ends the process of a test (engine_options.strict). Elsewhere it is
 * a line in the log, and nothing moves: an answer that would wait for ever is dropped, its lease
 * lapses, and the next attempt begins. */
void stage_advance(struct generation *generation, enum stage next);

#endif
