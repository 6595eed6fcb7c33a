/* Answers as servers send them, and the outcome of each. A ' stands for a ". */
#ifndef CHAT_PROVIDER_ANSWER_ROWS_TEST_H
#define CHAT_PROVIDER_ANSWER_ROWS_TEST_H

#include <stdbool.h>
#include <stddef.h>

enum row_end {
	ROW_CLOSE, /* the body ends in good order */
	ROW_CUT,   /* the connection breaks behind it */
	ROW_OPEN,  /* the connection stays open behind it */
};

struct answer_row {
	const char *name;
	const char *body;
	size_t len;
	enum row_end end;
	/* "DONE STOP", "DONE LENGTH", "DONE FILTER", "DONE TOOLS"; "FAILED word": it is the end; "AGAIN word":
	 * another try begins. */
	const char *outcome;
	const char *text, *thoughts;
	bool charged;
	size_t odd; /* events that were passed over */
};

extern const struct answer_row answer_rows[];
extern const size_t answer_rows_n;

/* Rows with items, usage in parts, and other APIs. */
struct item_row {
	struct answer_row row;
	const char *api;   /* NULL: openai */
	bool tools;        /* we offered some */
	const char *items; /* as they are sent, one on each line; NULL: not looked at */
	const char *usage; /* "input cached write5m write1h output reasoning"; NULL: the same */
};
extern const struct item_row item_rows[];
extern const size_t item_rows_n;

/* The body with its quotation marks; malloc. */
char *answer_row_body(const struct answer_row *row);

#endif
