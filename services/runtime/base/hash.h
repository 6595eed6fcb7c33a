/* FNV-1a, a quick hash for tables and choices. A peer that chooses the keys can make them
 * collide. */
#ifndef RUNTIME_BASE_HASH_H
#define RUNTIME_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t hash_fnv1a(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

/* Begun at a number of the caller's: a secret one keeps strangers from choosing keys that collide. */
static inline uint64_t hash_fnv1a_64(uint64_t seed, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint64_t hash = seed;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

#endif
