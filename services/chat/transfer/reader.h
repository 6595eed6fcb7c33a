/* A chat as a program's export has it: nodes with parents, whatever the file says. Readers of the
 * programs' formats make it, plant.h makes messages of it. */
#ifndef CHAT_TRANSFER_READER_H
#define CHAT_TRANSFER_READER_H

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/json/peek.h"

#include <stdint.h>

#define SOURCE_BYTES_MAX 200 /* of an id in a file; longer ones are cut */

enum node_role {
	NODE_USER,
	NODE_ASSISTANT,
	NODE_SYSTEM,
	NODE_HIDDEN, /* not shown: its children belong to its parent */
};

struct node {
	const char *id, *parent; /* of the file; parent "": a root */
	enum node_role role;
	const char *state; /* of a row; NULL: DONE */
	const char *text, *reasoning, *items, *model;
	int64_t time_us; /* 0: unknown */
	bool joins;      /* a part of the answer above, where that has no other child */
};

/* All texts are valid UTF-8 without NUL, in the arena. */
struct import_chat {
	const char *program;
	const char *source; /* its id in the file; "": it has none */
	const char *title, *model;
	const char *project;          /* its id in the file; "": none */
	int64_t create_us, update_us; /* 0: unknown */
	bool pinned, archived;
	bool in_order;    /* the nodes are in the order of their making, so times do not count */
	const char *leaf; /* id of the node that is shown last; "": unknown */
	struct node *nodes;
	size_t n;
	int32_t attachments, hidden, unknown; /* that were named, left out, kept as raw text */
};

/* Reads one element of a file. False: it is no chat of a known program; then *ret has no nodes. */
bool import_chat_read(struct arena *arena, const char *text, size_t len, struct import_chat *ret);

/* ---------------------------------------------------------------- for the readers */

struct chat_reader {
	struct arena *arena;
	struct import_chat *chat;
	size_t capacity;    /* of chat->nodes */
	struct buf scratch; /* of the text that is written now */
	struct node spare;  /* where the arena has no room for another */
};

/* Takes an object of the program; false: it has not its shape. */
typedef bool chat_read_fn(struct chat_reader *reader, struct peek object);
chat_read_fn read_chatgpt, read_claude, read_librechat, read_open_webui, read_limitless;

/* An empty node, at the end of the chat's; valid until the next one. */
struct node *chat_reader_node(struct chat_reader *reader);
/* The id of the node that is made last: what the file says, or one of its own, so that others can follow it. */
const char *chat_reader_id(struct chat_reader *reader, struct peek value);
/* What a string says, mended; "" for any other value. */
const char *chat_reader_text(struct chat_reader *reader, struct peek value);
/* The same of at most len bytes, cut between characters. */
const char *chat_reader_short(struct chat_reader *reader, struct peek value, size_t len);
/* Seconds, milliseconds or RFC 3339; 0: none. */
int64_t chat_reader_time(struct peek value);
bool chat_reader_true(struct peek value);
/* The scratch's text, which is empty then. */
const char *chat_reader_take(struct chat_reader *reader);

/* To the scratch. A blank line stands between two parts. */
void chat_reader_add(struct chat_reader *reader, const char *text);
void chat_reader_add_string(struct chat_reader *reader, struct peek string);
/* A fence that the text does not close. */
void chat_reader_add_code(struct chat_reader *reader, const char *language, const char *text);
/* A part of an unknown kind, as it is. */
void chat_reader_add_raw(struct chat_reader *reader, struct peek value);
/* A line that names a file which did not come. name: may be none. */
void chat_reader_add_attachment(struct chat_reader *reader, struct peek name);

#endif
