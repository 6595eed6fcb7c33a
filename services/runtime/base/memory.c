#include "runtime/base/memory.h"

#include <malloc.h>

#define HEAPS 2
#define LARGE_BYTES (64 * 1024)

void memory_thrifty(void)
{
	/* glibc raises the second by itself, to the size of the largest block that was freed. */
	mallopt(M_ARENA_MAX, HEAPS);
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}
