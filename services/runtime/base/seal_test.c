#include "runtime/base/seal.h"

#include "runtime/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct seal_key key;

static int set_up(void **state)
{
	arena = arena_new(4096, 1 << 20);
	seal_key_derive("secret", 6, "test", &key);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(arena);
	return 0;
}

/* Vector made with Python: HKDF-SHA256, no salt, info "test", 32 bytes. */
static void the_key_is_hkdf(void **state)
{
	char hex[65];

	hex_encode(key.bytes, sizeof(key.bytes), hex);
	assert_string_equal(hex,
			    "1a776b4185bd02c5a8a7c1d3d424cc06a6cc29ff6feca462936fcd080d53358e");
	assert_int_equal(strlen(key.id), SEAL_KEY_ID_SIZE - 1);
}

static void what_was_sealed_opens(void **state)
{
	static const char *const texts[] = {"", "a", "-----BEGIN PRIVATE KEY-----\n…"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t len = strlen(texts[i]), n, m;
		uint8_t *sealed = seal(&key, "row 1", texts[i], len, arena, &n);
		char *open;

		assert_int_equal(n, len + SEAL_OVERHEAD);
		open = (char *)unseal(&key, "row 1", sealed, n, arena, &m);
		assert_non_null(open);
		assert_int_equal(m, len);
		assert_string_equal(open, texts[i]);
	}
}

static void equal_texts_look_different(void **state)
{
	size_t n;
	uint8_t *one = seal(&key, "row 1", "text", 4, arena, &n);
	uint8_t *two = seal(&key, "row 1", "text", 4, arena, &n);

	assert_memory_not_equal(one, two, 12);
	assert_memory_not_equal(one + 12, two + 12, 4);
}

static void nothing_else_opens(void **state)
{
	struct seal_key other, other_purpose;
	size_t n, m;
	uint8_t *sealed = seal(&key, "row 1", "text", 4, arena, &n);

	seal_key_derive("Secret", 6, "test", &other);
	seal_key_derive("secret", 6, "test2", &other_purpose);
	assert_string_not_equal(other.id, key.id);
	assert_string_not_equal(other_purpose.id, key.id);
	assert_null(unseal(&other, "row 1", sealed, n, arena, &m));
	assert_null(unseal(&other_purpose, "row 1", sealed, n, arena, &m));
	assert_null(unseal(&key, "row 2", sealed, n, arena, &m));
	assert_null(unseal(&key, "", sealed, n, arena, &m));
	for (size_t len = 0; len < n; len++)
		assert_null(unseal(&key, "row 1", sealed, len, arena, &m));
	for (size_t i = 0; i < n; i++) {
		sealed[i] ^= 1;
		assert_null(unseal(&key, "row 1", sealed, n, arena, &m));
		sealed[i] ^= 1;
	}
	assert_non_null(unseal(&key, "row 1", sealed, n, arena, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_is_hkdf),
		cmocka_unit_test(what_was_sealed_opens),
		cmocka_unit_test(equal_texts_look_different),
		cmocka_unit_test(nothing_else_opens),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
