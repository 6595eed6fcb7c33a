/* Answers of several APIs, and the outcome of each. A ' stands for a ". */
#ifndef CHAT_PROVIDER_ADAPTER_TEST_H
#define CHAT_PROVIDER_ADAPTER_TEST_H

#include "chat/provider/provider.h"

struct adapter_row {
	const struct provider_api *api;
	const char *name;
	const char *body; /* the whole one; it ends in good order */
	size_t len;
	const char *outcome; /* as in answer_rows_test.h */
	const char *text, *thoughts;
	const char *items; /* one a line */
	/* input/cached/5m/1h/images/output/reasoning; "": the provider gave none */
	const char *usage;
	bool charged;
};

extern const struct adapter_row adapter_rows[];
extern const size_t adapter_rows_n;

#endif
