/* The tree of a chat's messages: each knows its parent and one ancestor further up, to which it
 * jumps, so that every ancestor is a logarithm of jumps away. */
#ifndef CHAT_MESSAGE_TREE_H
#define CHAT_MESSAGE_TREE_H

#include "runtime/base/uuid.h"
#include <stdint.h>

/* A message and its depth; id "": none. */
struct hop {
	char id[UUID_SIZE];
	int32_t depth;
};

/* The ancestor that a new message jumps to. hops: its parent, where that jumps to, and where this
 * one does. */
const struct hop *tree_jump(const struct hop hops[3]);

#endif
