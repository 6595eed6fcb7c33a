/* Tables by id: a hash of fixed size, whose entries are linked in buckets. */
#ifndef CHAT_WORK_BUCKET_H
#define CHAT_WORK_BUCKET_H

#include "runtime/base/hash.h"

#include <string.h>

#define BUCKETS 1024

/* Of an id, below BUCKETS. */
static inline size_t bucket_of(const char *id)
{
	return hash_fnv1a(id, strlen(id)) % BUCKETS;
}

#endif
