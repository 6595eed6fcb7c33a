/* The answer to a program: events become pieces of a body, in the words of its dialect. */
#ifndef CHAT_API_PIECES_H
#define CHAT_API_PIECES_H

#include "chat/api/dialect.h"
#include "chat/watch/watch.h"

/* Gives the watch this form. It writes once pieces_begin said what. Any thread. */
void pieces_attach(struct watch *watch, const struct api_dialect *dialect);
const struct api_dialect *pieces_dialect(const struct watch *watch);
/* There is an answer, which began at create_us. It may be another one than before, as long as
 * nothing of that was sent. Engine thread. */
void pieces_begin(struct watch *watch, const struct api_request *request, const char *generation,
		  int64_t create_us);

#endif
