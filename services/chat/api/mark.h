/* What became of programs' connections, in the rows of their calls: an equal request is a repeat
 * when the connection was lost before its answer was whole. */
#ifndef CHAT_API_MARK_H
#define CHAT_API_MARK_H

#include "chat/answer/engine.h"

/* The caller has the whole answer. It is stored with others in a while: it only matters when this
 * process dies. */
void mark_whole(struct engine *engine, const char *generation);
/* The connection was lost. alone: so the answer is to end. Stored at once, for the repeat may be on
 * its way. */
void mark_lost(struct engine *engine, const char *generation, bool alone);

void mark_tick(struct engine *engine, int64_t now_us);
void mark_free(struct engine *engine);

#endif
