/* The faults by name:
 *   429, 500, 503, 401, 400 … [retry_after=S] [says=WORD] [header=NAME:VALUE] [more=NAME:VALUE]
 *     answer with this status, the words of completion.c and up to two more headers
 *   cut, stall, broken_json, broken_utf8 [after=N]   after N tokens (default 3; 0: before anything)
 *   no_usage · usage value=N   usage missing or wrong (0, negative, absurd)
 *   wrong_type · two_dones · drip [value=MS] · long_line [value=BYTES]
 *   error [value=STATUS] [after=N]   an error with this status (default 503) within the answer
 *   body data=BASE64URL [type=TYPE] [encoding=CODING] [end=cut|open]   exactly these bytes
 * times=N key=WORD: only the first N requests that name this key. */
#include "standin.h"

#include "runtime/base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define AFTER_DEFAULT 3
#define KEYS_MAX 1024

static const struct {
	const char *name;
	enum fault_kind kind;
	int64_t value; /* default */
} faults[] = {
	{"cut", FAULT_CUT, 0},
	{"stall", FAULT_STALL, 0},
	{"broken_json", FAULT_BROKEN_JSON, 0},
	{"broken_utf8", FAULT_BROKEN_UTF8, 0},
	{"no_usage", FAULT_USAGE, 0},
	{"usage", FAULT_USAGE, 0},
	{"wrong_type", FAULT_WRONG_TYPE, 0},
	{"two_dones", FAULT_TWO_DONES, 0},
	{"drip", FAULT_DRIP, 20},
	{"long_line", FAULT_LONG_LINE, 64 << 20},
	{"body", FAULT_BODY, 0},
	{"error", FAULT_ERROR, 503},
};

static bool parse_name(const char *text, size_t len, struct fault *fault)
{
	int64_t status;

	if (text_parse_i64(text, len, 400, 599, &status)) {
		fault->kind = FAULT_STATUS;
		fault->status = (int32_t)status;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strlen(faults[i].name) == len && memcmp(faults[i].name, text, len) == 0) {
			fault->kind = faults[i].kind;
			fault->value = faults[i].value;
			return true;
		}
	}
	return false;
}

/* Reads a pair whose value is a word. False: it is none, or does not fit. */
static bool parse_word(const char *text, size_t len, struct fault *fault)
{
	const struct {
		const char *name;
		char *out;
		size_t size;
	} words[] = {
		{"key=", fault->key, sizeof fault->key},
		{"says=", fault->says, sizeof fault->says},
		{"header=", fault->header, sizeof fault->header},
		{"more=", fault->more, sizeof fault->more},
		{"type=", fault->type, sizeof fault->type},
		{"encoding=", fault->encoding, sizeof fault->encoding},
		{"end=", fault->end, sizeof fault->end},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].name);

		if (len <= n || strncmp(text, words[i].name, n) != 0)
			continue;
		snprintf(words[i].out, words[i].size, "%.*s", (int)(len - n), text + n);
		return len - n < words[i].size;
	}
	return false;
}

static bool parse_pair(const char *text, size_t len, struct fault *fault)
{
	static const struct {
		const char *name;
		size_t offset;
	} numbers[] = {
		{"after=", offsetof(struct fault, after)},
		{"value=", offsetof(struct fault, value)},
		{"retry_after=", offsetof(struct fault, retry_after)},
		{"times=", offsetof(struct fault, times)},
	};

	if (len >= 5 && strncmp(text, "data=", 5) == 0) {
		fault->data = text + 5;
		fault->data_len = len - 5;
		return true;
	}
	if (parse_word(text, len, fault))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		size_t n = strlen(numbers[i].name);

		if (len > n && strncmp(text, numbers[i].name, n) == 0) {
			fault->has_value |= numbers[i].offset == offsetof(struct fault, value);
			return text_parse_i64(text + n, len - n, INT64_MIN, INT64_MAX,
					      (int64_t *)((char *)fault + numbers[i].offset));
		}
	}
	return false;
}

bool fault_parse(const char *text, size_t len, struct fault *ret)
{
	bool first = true;

	*ret = (struct fault){.after = AFTER_DEFAULT, .retry_after = -1};
	while (len) {
		const char *space = memchr(text, ' ', len);
		size_t n = space ? (size_t)(space - text) : len;

		if (n && !(first ? parse_name(text, n, ret) : parse_pair(text, n, ret)))
			return false;
		first = first && n == 0;
		text += n + (space != NULL);
		len -= n + (space != NULL);
	}
	return !first;
}

bool fault_applies(const struct fault *fault)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct {
		char key[sizeof fault->key];
		int64_t seen;
	} keys[KEYS_MAX];
	static size_t n, oldest;
	int64_t seen;
	size_t i = 0;

	if (fault->kind == FAULT_NONE || fault->times == 0)
		return fault->kind != FAULT_NONE;
	pthread_mutex_lock(&lock);
	while (i < n && strcmp(keys[i].key, fault->key) != 0)
		i++;
	if (i == n) {
		if (n < KEYS_MAX)
			n++;
		else
			i = oldest++ % KEYS_MAX;
		memcpy(keys[i].key, fault->key, sizeof keys[i].key);
		keys[i].seen = 0;
	}
	seen = keys[i].seen++;
	pthread_mutex_unlock(&lock);
	return seen < fault->times;
}
