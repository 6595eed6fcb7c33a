/* OpenRouter's reasoning_details: blocks of thoughts in a list, which go back as they came. A stream
 * brings them in pieces, and pieces of one block become one again. */
#ifndef CHAT_PROVIDER_DETAILS_H
#define CHAT_PROVIDER_DETAILS_H

#include "chat/provider/provider.h"

/* Takes a block, or a piece of the one that is open. */
void details_add(struct provider_stream *stream, struct peek detail);
/* Gives the blocks so far as one item. */
void details_end(struct provider_stream *stream);
void details_free(struct details *details);

#endif
