/* Helpers of the tests of imports. */
#ifndef CHAT_TRANSFER_TEST_H
#define CHAT_TRANSFER_TEST_H

#include "../chat_test.h"

/* A file in a ZIP. */
struct member {
	const char *name;
	const void *data;
	size_t len;
	const char *password; /* NULL: none */
};

/* fixtures/<name>.<ending> */
struct buf fixture_read(const char *name, const char *ending);
/* A ZIP of n files. */
struct buf import_zip(const struct member *members, size_t n);
struct buf import_text(const char *json);
/* Chats of ChatGPT. */
struct buf import_some(int n, const char *text);
/* Sends a file and waits for the end of its import: error "" or a word, the chats that came, were there, were left
 * out. Frees the file. */
void import_expect(struct stage *stage, struct buf file, const char *error, int imported,
		   int unchanged, int skipped);
/* One value of the database; %s: the id of the user. */
const char *import_ask(struct stage *stage, const char *sql);

#endif
