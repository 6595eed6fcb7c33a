/* Writes the words of what changed into the index, and once after the upgrade those of all that was
 * there. One replica does it at a time; when nothing is due nothing is written.
 * docs/modules/search.md */
#ifndef CHAT_SEARCH_INDEX_H
#define CHAT_SEARCH_INDEX_H

#include "chat/chat.h"

/* The clock of a replica's index. */
struct search_index;
struct search_index *search_index_start(struct db_pool *pool, const struct chat_conf *conf);
void search_index_stop(struct search_index *index);

#endif
