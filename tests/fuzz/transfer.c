/* Any bytes as the file of an import: its elements, the readers of all formats, the tree. However the
 * bytes are cut, the elements are the same. The first byte says how they are cut. */
#include "tests/fuzz/fuzz.h"

#include "chat/transfer/plant.h"
#include "chat/transfer/split.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <string.h>

#define ELEMENT_BYTES 4096
#define MESSAGES_MAX 200

static void check_tree(const struct plant *plant)
{
	ensure(plant->n > 0 && plant->n <= MESSAGES_MAX);
	ensure(plant->leaf >= 0 && plant->leaf < (int32_t)plant->n);
	for (size_t i = 0; i < plant->n; i++) {
		const struct plant_message *m = &plant->messages[i];

		ensure(m->parent < (int32_t)i && m->jump < (int32_t)i);
		ensure(m->depth == (m->parent < 0 ? 0 : plant->messages[m->parent].depth + 1));
		ensure(text_is_utf8(m->text, strlen(m->text)));
		ensure(text_is_utf8(m->reasoning, strlen(m->reasoning)));
		ensure(strlen(m->text) <= PLANT_TEXT_MAX || m->reasoning);
	}
}

static void read_chat(const struct buf *text)
{
	struct arena *arena = arena_new(4096, 4 << 20);
	struct import_chat chat;
	struct plant plant;

	if (import_chat_read(arena, buf_text(text), text->len, &chat) && !arena->exhausted &&
	    plant_make(arena, &chat, MESSAGES_MAX, &plant) == PLANT_GROWN)
		check_tree(&plant);
	arena_free(arena);
}

/* Returns a sum of the elements. */
static size_t read_all(const char *data, size_t len, size_t step, bool reads)
{
	struct split split;
	size_t sum = 0;

	split_init(&split, ELEMENT_BYTES, 0);
	for (size_t at = 0; at < len;) {
		size_t n = len - at < step ? len - at : step, used = 0;
		enum split_end end = split_feed(&split, data + at, n, &used);

		if (end == SPLIT_NO_JSON)
			break;
		ensure(used > 0 && used <= n);
		if (end == SPLIT_ELEMENT) {
			sum = 31 * sum + (split.too_large ? 1 : split.text.len);
			if (reads && !split.too_large)
				read_chat(&split.text);
			split_next(&split);
		}
		at += used;
	}
	split_done(&split);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data + 1;

	if (len < 2)
		return 0;
	ensure(read_all(text, len - 1, len, true) ==
	       read_all(text, len - 1, 1 + data[0] % 16, false));
	return 0;
}
