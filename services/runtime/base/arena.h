/* Memory that lives as long as one call: many small allocations, one release, a hard cap. */
#ifndef RUNTIME_BASE_ARENA_H
#define RUNTIME_BASE_ARENA_H

#include "runtime/base/cleanup.h"
#include <protobuf-c/protobuf-c.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

/* One thread at a time. The first chunk is kept over arena_reset, so a worker that reuses its arena
 * stops calling malloc. */
struct arena {
	struct arena_chunk *first;    /* kept by arena_reset */
	struct arena_chunk *current;  /* where the next allocation goes */
	size_t used_bytes;            /* of all chunks, what was handed out */
	size_t max_bytes;             /* cap on used_bytes */
	bool exhausted;               /* an allocation was refused since the last reset */
	ProtobufCAllocator allocator; /* for protobuf-c; its free does nothing */
};

/* chunk_bytes: size of the first chunk, grown as needed. max_bytes: cap. Aborts only when malloc
 * itself fails. */
struct arena *arena_new(size_t chunk_bytes, size_t max_bytes);
void arena_free(struct arena *arena);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct arena *, arena_free);

/* Everything handed out becomes invalid; the first chunk stays. */
void arena_reset(struct arena *arena);

/* All return memory aligned to 16 bytes that lives until reset or free, or NULL past the cap (then
 * `exhausted` is set). */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zalloc(struct arena *arena, size_t size);
void *arena_memdup(struct arena *arena, const void *data, size_t size);

/* Text functions never return NULL: past the cap they return "" and set `exhausted`, which the rpc
 * layer turns into RESOURCE_EXHAUSTED before an answer leaves. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
_printf_(2, 3) char *arena_printf(struct arena *arena, const char *format, ...);
_printf_(2, 0) char *arena_vprintf(struct arena *arena, const char *format, va_list args);

/* An array of n pointers, or of n structs, zeroed. NULL past the cap. */
void *arena_array(struct arena *arena, size_t n, size_t size);

#endif
