#include "runtime/base/arena.h"

#include "runtime/base/ensure.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ARENA_ALIGN 16

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	alignas(ARENA_ALIGN) uint8_t data[];
};

static void *allocator_alloc(void *data, size_t size)
{
	return arena_alloc(data, size);
}

static void allocator_free(_unused_ void *data, _unused_ void *pointer)
{
}

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *chunk = malloc(sizeof *chunk + size);

	ensure(chunk);
	chunk->next = NULL;
	chunk->size = size;
	chunk->used = 0;
	return chunk;
}

struct arena *arena_new(size_t chunk_bytes, size_t max_bytes)
{
	struct arena *arena = calloc(1, sizeof *arena);

	ensure(arena);
	arena->first = chunk_new(chunk_bytes);
	arena->current = arena->first;
	arena->max_bytes = max_bytes;
	arena->allocator = (ProtobufCAllocator){allocator_alloc, allocator_free, arena};
	return arena;
}

static void chunks_free(struct arena_chunk *chunk)
{
	while (chunk) {
		struct arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	chunks_free(arena->first);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	chunks_free(arena->first->next);
	arena->first->next = NULL;
	arena->first->used = 0;
	arena->current = arena->first;
	arena->used_bytes = 0;
	arena->exhausted = false;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->current;
	size_t rounded;
	void *p;

	if (size == 0)
		size = 1; /* distinct, valid pointers, as protobuf-c expects of malloc */
	if (size > SIZE_MAX - ARENA_ALIGN) {
		arena->exhausted = true;
		return NULL;
	}
	rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (rounded > arena->max_bytes - arena->used_bytes) {
		arena->exhausted = true;
		return NULL;
	}
	if (rounded > chunk->size - chunk->used) {
		/* Doubling keeps the number of chunks small; a big request gets a chunk of its own
		 * size. */
		size_t grown = chunk->size * 2;

		chunk->next = chunk_new(grown > rounded ? grown : rounded);
		chunk = arena->current = chunk->next;
	}
	p = chunk->data + chunk->used;
	chunk->used += rounded;
	arena->used_bytes += rounded;
	return p;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
	void *p = arena_alloc(arena, size);

	if (p)
		memset(p, 0, size);
	return p;
}

void *arena_memdup(struct arena *arena, const void *data, size_t size)
{
	void *p = arena_alloc(arena, size);

	if (p && size)
		memcpy(p, data, size);
	return p;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		arena->exhausted = true;
		return NULL;
	}
	return arena_zalloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *p = arena_alloc(arena, length + 1);

	if (!p)
		return (char *)"";
	memcpy(p, text, length);
	p[length] = '\0';
	return p;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	int n;
	char *p;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	ensure(n >= 0);
	p = arena_alloc(arena, (size_t)n + 1);
	if (!p)
		return (char *)"";
	vsnprintf(p, (size_t)n + 1, format, args);
	return p;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *p;

	va_start(args, format);
	p = arena_vprintf(arena, format, args);
	va_end(args);
	return p;
}
