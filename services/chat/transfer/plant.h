/* The tree of an imported chat: from nodes as a file has them to rows as sends make them. Missing
 * parents, circles, double ids and hidden nodes are no trouble; nothing is lost in silence. */
#ifndef CHAT_TRANSFER_PLANT_H
#define CHAT_TRANSFER_PLANT_H

#include "chat/transfer/reader.h"
#include "runtime/base/uuid.h"

#define PLANT_TEXT_MAX (256 << 10) /* of a message; a longer one becomes several */

struct plant_message {
	char id[UUID_SIZE];
	int32_t parent, jump; /* index; -1: none */
	int32_t depth, position;
	enum node_role role;
	const char *state;
	const char *text, *reasoning, *items, *model;
	int64_t time_us;
};

struct plant {
	struct plant_message *messages; /* parents and elder siblings first */
	size_t n;
	int32_t leaf;  /* index */
	int64_t bytes; /* of text, reasoning and items */
	int32_t split, mended;
	int64_t first_us, last_us; /* of its messages; 0: unknown */
};

enum plant_result {
	PLANT_GROWN,
	PLANT_EMPTY,    /* no message is shown */
	PLANT_TOO_MANY, /* more than messages_max */
	PLANT_NO_ROOM,  /* the arena is full */
};

/* Time: n log n. */
enum plant_result plant_make(struct arena *arena, const struct import_chat *chat,
			     int64_t messages_max, struct plant *ret);

#endif
