/* The part of a text that shows why it was found. */
#ifndef CHAT_SEARCH_SNIPPET_H
#define CHAT_SEARCH_SNIPPET_H

#include "chat/search/query.h"

/* One line of about SNIPPET_BYTES around the place with most of the query's groups. U+0002 begins
 * and U+0003 ends each match; "…" stands where the text goes on. In the arena. */
#define SNIPPET_BYTES 240
char *snippet_make(struct arena *arena, const struct query *query, const char *text);

#endif
