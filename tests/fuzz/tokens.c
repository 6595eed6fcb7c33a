/* The counter of tokens. Any bytes have a count: at most one token each, and the text's
 * count is the sum of its pieces. */
#include "tests/fuzz/fuzz.h"

#include "chat/tokens/count.h"
#include "chat/tokens/split.h"
#include "runtime/base/ensure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tokens_table table;
	const char *text = (const char *)data;
	struct error err;

	if (!table.map)
		ensure(tokens_table_open("build/tokens/tables.bin", &table, &err) == OK);
	for (int i = 0; i < TOKENS_ENCODINGS; i++) {
		enum tokens_encoding encoding = (enum tokens_encoding)i;
		int64_t n = tokens_count_exact(&table, encoding, text, len), sum = 0;
		const char *p = text;

		ensure(n >= 0 && (uint64_t)n <= len && (n > 0) == (len > 0));
		while (p < text + len) {
			const char *end = tokens_split(&table, encoding, p, text + len);

			ensure(end > p && end <= text + len);
			sum += tokens_count_exact(&table, encoding, p, (size_t)(end - p));
			p = end;
		}
		ensure(sum == n); /* a piece alone is a piece */
	}
	return 0;
}
