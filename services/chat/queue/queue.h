/* The queue of background answers, for operators. Its handlers read as chat_worker, for the rows are
 * of all users; the gateway lets only administrators call them. */
#ifndef CHAT_QUEUE_QUEUE_H
#define CHAT_QUEUE_QUEUE_H

#include "chat/chat.h"

/* Row of queue_dead or queue_one; all of it in arena. */
void dead_letter_read(struct arena *arena, const PGresult *rows, int row,
		      Chat__V1__DeadLetter *ret);

#endif
