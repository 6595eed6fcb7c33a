/* Tables by id: a hash of fixed size, whose entries are linked in buckets. */
#ifndef CHAT_WORK_BUCKET_H
#define CHAT_WORK_BUCKET_H

#include <stddef.h>
#include <stdint.h>

#define BUCKETS 1024

/* Of an id, below BUCKETS. */
static inline size_t bucket_of(const char *id)
{
	uint32_t hash = 2166136261u;

	for (const char *p = id; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return hash % BUCKETS;
}

#endif
