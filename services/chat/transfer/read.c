/* One chat, by the reader that knows its shape. */
#include "chat/transfer/reader.h"

bool import_chat_read(struct arena *arena, const char *text, size_t len, struct import_chat *ret)
{
	static chat_read_fn *const formats[] = {read_limitless, read_chatgpt, read_claude,
						read_open_webui, read_librechat};
	struct chat_reader reader = {.arena = arena, .chat = ret};
	struct peek object;
	bool known = false;

	*ret = (struct import_chat){
		.program = "", .source = "", .title = "", .model = "", .project = "", .leaf = ""};
	if (!peek_object(text, len, &object))
		return false;
	/* Fences, names and marks of repair make a text longer, but never by more than this. */
	buf_init(&reader.scratch, 3 * len + 65536);
	for (size_t i = 0; !known && i < sizeof formats / sizeof *formats; i++)
		known = formats[i](&reader, object);
	buf_done(&reader.scratch);
	return known;
}
