/* A send's surroundings: its chat, its place in the tree, and what its user has stored. All are
 * read in the transaction that stores it. */
#ifndef CHAT_MESSAGE_SEND_H
#define CHAT_MESSAGE_SEND_H

#include "chat/chat.h"
#include "chat/message/tree.h"

/* The chat before a send, which is brought back when the send is refused. */
struct chat_before {
	char id[UUID_SIZE];
	char leaf[UUID_SIZE]; /* "": none */
	char model[MODEL_BYTES_MAX + 1];
	char update_time[40];
	bool untitled;
	char title[TITLE_BYTES_MAX + 1]; /* that the send gives to one without */
};

/* The place of the user's message. */
struct send_place {
	bool known;         /* the chat has the parent, or none is named */
	int32_t running;    /* generations of the user that are not over */
	int32_t depth;      /* of the user's message */
	int32_t siblings;   /* that it finds there */
	struct hop hops[4]; /* its parent, the ancestor that this one jumps to, and so on */
};

struct send_ask {
	const char *chat, *parent, *user_id; /* parent "": the chat's last message */
	int64_t bytes;                       /* of the message */
	int64_t messages_max;                /* of the chat */
	int64_t bytes_max;                   /* of the user */
	int64_t running_max;                 /* more generations are not counted */
};

/* Locks the chat, then the user's total, which counts the bytes, and finds the message's place. One
 * round trip. errors: those of db, NOT_FOUND, RESOURCE_EXHAUSTED chat_full and storage_full. */
_must_check_ enum status send_look(struct db *db, const struct send_ask *ask,
				   struct chat_before *ret_before, struct send_place *ret_place,
				   struct error *reterr);
/* errors: INVALID_ARGUMENT parent_unknown, RESOURCE_EXHAUSTED siblings_full. */
_must_check_ enum status send_place_check(const struct send_place *place, int64_t siblings_max,
					  struct error *reterr);

#endif
