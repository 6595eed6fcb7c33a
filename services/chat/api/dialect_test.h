/* Requests and answers in the formats of the API. A ' stands for a ". */
#ifndef CHAT_API_DIALECT_TEST_H
#define CHAT_API_DIALECT_TEST_H

#include "../chat_test.h"
#include "chat/api/dialect.h"
#include "tests/lib/api_limits.h"

#include <jansson.h>

struct read_row {
	const char *name, *body;
	/* The prompt, as summarize of dialect_test.c writes it, or "reason field" of the error. */
	const char *outcome;
};

struct write_row {
	const char *name;
	const char *request; /* members beside the least that the format wants */
	const char *events;  /* one on each line, as dialect_test.c reads them */
	const char *outcome; /* the data of each server-sent event on a line, or the whole JSON */
};

/* "…" with each ' as ". In arena. */
char *quoted(struct arena *arena, const char *text);
void check_read(const struct api_dialect *dialect, const struct read_row *rows, size_t n);
/* least: the request's members that are always there. */
void check_write(const struct api_dialect *dialect, const char *least, const struct write_row *rows,
		 size_t n);
/* Reads a request that must be good. */
void read_good(const struct api_dialect *dialect, const char *body, struct arena *arena,
	       struct api_request *ret);
/* Writes the events of a script: all bytes. */
void write_script(const struct api_dialect *dialect, const struct api_request *request,
		  const char *script, struct arena *arena, struct buf *out);
/* A script by chance, and its seed is printed when the test fails. */
char *random_script(struct arena *arena, unsigned *seed);
/* Answers by chance: what `join` makes of the stream's events is the whole answer. */
void check_whole(const struct api_dialect *dialect, const char *least,
		 json_t *(*join)(json_t *events));
/* Makes the string member longer, or makes it. */
void join_text(json_t *object, const char *name, const char *more);
/* Bodies that could take much time or memory. list: the member whose elements are many, element:
 * one of them. */
void check_hostile(const struct api_dialect *dialect, const char *least, const char *before,
		   const char *element, const char *after);

#endif
