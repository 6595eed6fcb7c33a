/* Blocks of reasoning that only the API reads that made them. A caller keeps them and sends them back
 * with its next request. In a format of another API they are one text: limitless.API.BASE64URL. */
#ifndef CHAT_API_OPAQUE_H
#define CHAT_API_OPAQUE_H

#include "chat/api/parameters.h"

#include "runtime/json/peek.h"

/* Appends the text, without quotation marks. */
void opaque_write(struct buf *out, const char *api, struct peek data);
/* Whether a text is such a block. */
bool opaque_is(const char *text);
/* Adds the block as a part; a fault at node when the text is none. */
void opaque_read(struct building *building, const struct node *node, const char *text);
/* A part from the block itself; a fault at node when it is none of this API. */
void opaque_part(struct building *building, const struct node *node, const char *api);

#endif
