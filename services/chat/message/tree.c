#include "chat/message/tree.h"

/* Two jumps of the same length become one. */
const struct hop *tree_jump(const struct hop hops[3])
{
	if (*hops[2].id && hops[0].depth - hops[1].depth == hops[1].depth - hops[2].depth)
		return &hops[2];
	return &hops[0];
}
