/* Answers in any format: the pieces that events bring, and the blocks that they make. A block is a
 * run of text, a thought, a call of a tool, or a thought that only its API reads. */
#ifndef CHAT_API_WRITING_H
#define CHAT_API_WRITING_H

#include "chat/api/dialect.h"
#include "runtime/json/peek.h"

#define WRITER_BYTES_MAX (1u << 30) /* of one text; answer_bytes_max of the engine comes first */

/* What one event brings. Strings are JSON's, with their quotation marks. */
struct piece {
	enum {
		PIECE_NONE,
		PIECE_TEXT,      /* text */
		PIECE_THOUGHT,   /* text */
		PIECE_CALL,      /* index, id, name */
		PIECE_ARGUMENTS, /* index, text: more of them, as a string */
		PIECE_OPAQUE,    /* api, data */
		PIECE_LOGPROBS,  /* data: a list */
		PIECE_CITATION,  /* text: the address; name: the title, or none */
		PIECE_STOPPED,   /* text: the stop sequence that ended it */
	} kind;
	struct peek text, id, name, data;
	int32_t index;
	char api[32];
};

enum block_kind { BLOCK_TEXT, BLOCK_THOUGHT, BLOCK_CALL, BLOCK_OPAQUE };

struct block {
	enum block_kind kind;
	bool open;
	struct buf text;  /* inside of a JSON string: text, thought or arguments */
	struct buf more;  /* as the format needs it: logprobs, a signature */
	struct buf notes; /* … and annotations */
	int32_t n_notes;
	struct buf id, name;   /* of a call, inside of JSON strings */
	int32_t call;          /* its index among the calls */
	size_t depth;          /* of open brackets in its arguments */
	bool in_string, begun; /* in its arguments */
};

struct api_writer {
	char id[33];      /* the generation's, without hyphens */
	struct buf model; /* JSON */
	int64_t create_s;
	bool stream, stream_usage, wants_opaque;
	bool floats; /* vectors are numbers */
	bool keeps;  /* blocks keep their texts */
	char *echo;
	bool begun, shown, ended;

	struct block *blocks;
	size_t n_blocks, blocks_capacity;
	size_t first_open; /* no block before it is open */
	int32_t n_calls;
	int64_t characters; /* of all texts */
	void (*block_begin)(struct api_writer *writer, struct block *block, struct buf *out);
	void (*block_end)(struct api_writer *writer, struct block *block, struct buf *out);

	Chat__V1__Usage usage;
	Chat__V1__StopReason stop;
	int64_t sequence;   /* of events */
	struct buf head;    /* of each event, as the format needs it */
	struct buf stopped; /* inside of a JSON string: the stop sequence */
	struct buf details; /* as the format needs it */
	struct buf scratch; /* of one piece */
};

struct api_writer *writer_new(const struct api_request *request, const struct api_head *head);
void writer_free(struct api_writer *writer);
/* Forgets all blocks. False: some was shown. */
bool writer_reset(struct api_writer *writer);

/* What the event brings. Its strings live until the next event. */
void piece_read(struct api_writer *writer, const Chat__V1__GenerationEvent *event,
		struct piece *ret);

/* The open block of this kind, the newest one. Others are ended before one begins, but for calls
 * that wait for arguments. */
struct block *writer_block(struct api_writer *writer, enum block_kind kind, struct buf *out);
/* A call begins. */
struct block *writer_call(struct api_writer *writer, const struct piece *piece, struct buf *out);
/* The call that more arguments belong to; NULL: none. */
struct block *writer_arguments(struct api_writer *writer, const struct piece *piece);
void writer_end_block(struct api_writer *writer, struct block *block, struct buf *out);
/* Ends each block that is open. */
void writer_end_blocks(struct api_writer *writer, struct buf *out);

/* Appends what is between the quotation marks. */
void add_inside(struct buf *out, struct peek string);
void add_buf(struct buf *out, const struct buf *from);
/* Appends a string of a provider as JSON, repaired. */
void add_string(struct api_writer *writer, struct buf *out, struct peek string);
bool has_elements(struct peek list);
/* Whether the bytes are JSON: a provider's may be anything. */
bool is_json(struct peek value);

#endif
