#include "chat/chat.h"
#include "events/v1/rpc.h"
#include "runtime/base/text.h"
#include "runtime/feed/feed.h"

#include <string.h>

enum status events_v1_subscribe(struct rpc_call *call, const Events__V1__SubscribeRequest *req)
{
	int64_t after = FEED_FROM_NOW; /* a page that comes anew has read everything by itself */
	size_t len = strlen(req->cursor);

	if (len > 0 && !text_parse_i64(req->cursor, len, 0, INT64_MAX, &after))
		return rpc_fail_field(call, "cursor_invalid", "cursor",
				      "it is no cursor of this stream");
	return feed_watch(chat_of(call)->events, call, after);
}
