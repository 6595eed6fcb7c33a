#include "runtime/base/arena.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/digest.h"
#include "runtime/base/hash.h"
#include "runtime/base/status.h"
#include "runtime/base/text.h"
#include "runtime/base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void error_keeps_cause_and_prefix(void **state)
{
	struct error err;
	char long_text[300];

	assert_int_equal(error_set(&err, NOT_FOUND, "not_found", "chat %d", 7), NOT_FOUND);
	error_prefix(&err, "loading %s", "x");
	assert_string_equal(err.message, "loading x: chat 7");
	assert_string_equal(err.field, "");
	assert_int_equal(error_field(NULL, INVALID_ARGUMENT, "field_invalid", "a", "b"),
			 INVALID_ARGUMENT);

	memset(long_text, 'm', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	assert_int_equal(error_set(&err, INTERNAL, "internal_error", "%s", long_text), INTERNAL);
	error_prefix(&err, "p");
	assert_int_equal(strlen(err.message), sizeof err.message - 1);
	assert_memory_equal(err.message, "p: mmm", 6);
	error_prefix(&err, "%s", long_text);
	assert_memory_equal(err.message, "p: mmm", 6);
}

static void arena_has_a_cap(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(64, 1024);
	void *first = arena_alloc(arena, 1);

	assert_int_equal((uintptr_t)first % 16, 0);
	assert_non_null(arena_alloc(arena, 900));
	assert_null(arena_alloc(arena, 200));
	assert_true(arena->exhausted);
	assert_string_equal(arena_printf(arena, "%200s", "x"), "");
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_array(arena, SIZE_MAX / 2, 3));
	arena_reset(arena);
	assert_false(arena->exhausted);
	assert_ptr_equal(arena_alloc(arena, 1), first);
	assert_string_equal(arena_printf(arena, "%d-%s", 5, "a"), "5-a");
	assert_non_null(arena_alloc(arena, 0));
}

static void buf_has_a_limit(void **state)
{
	_cleanup_(buf_done) struct buf buf;

	buf_init(&buf, 10);
	assert_string_equal(buf_text(&buf), "");
	assert_true(buf_addf(&buf, "%s", "12345"));
	assert_false(buf_adds(&buf, "123456"));
	assert_true(buf.overflow);
	assert_string_equal(buf_text(&buf), "12345");
	assert_false(buf_addc(&buf, 'x')); /* once refused, nothing more: no hole in the middle */
	buf_clear(&buf);
	assert_true(buf_adds(&buf, "0123456789"));
	buf_consume(&buf, 4);
	assert_string_equal(buf_text(&buf), "456789");
}

/* Bytes come out in the order of their adding, and the memory does not grow with their number. */
static void a_buf_is_a_queue(void **state)
{
	_cleanup_(buf_done) struct buf buf;
	uint32_t put = 0, got = 0;

	buf_init(&buf, SIZE_MAX);
	for (int round = 0; round < 10000; round++) {
		for (int i = 0; i < 1 + round % 7; i++, put++)
			assert_true(buf_add(&buf, &put, sizeof(put)));
		while (buf.len > sizeof(put) * (size_t)(round % 5)) {
			assert_memory_equal(buf.data, &got, sizeof(got));
			buf_consume(&buf, sizeof(got));
			got++;
		}
		assert_int_equal(buf.data[buf.len], '\0');
	}
	assert_in_range(buf.capacity + buf.consumed, 1, 256);
	buf_trim(&buf, 1); /* not empty: stays */
	assert_int_equal(buf.len, (put - got) * sizeof(put));
	buf_consume(&buf, buf.len);
	buf_trim(&buf, 1024);
	assert_non_null(buf.data);
	buf_trim(&buf, 1);
	assert_null(buf.data);
	assert_true(buf_adds(&buf, "again"));
	assert_string_equal(buf_text(&buf), "again");
}

/* Test vectors of its authors (draft-eastlake-fnv). */
static void fnv_is_fnv(void **state)
{
	assert_int_equal(hash_fnv1a("", 0), 0x811c9dc5);
	assert_int_equal(hash_fnv1a("foobar", 6), 0xbf9cf968);
	assert_true(hash_fnv1a_64(0xcbf29ce484222325u, "foobar", 6) == 0x85944171f73967e8u);
}

static void time_there_and_back(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-21T10:58:00.123456Z", 1795258680123456},
		{"2026-11-21T12:58:00.123456789+02:00", 1795258680123456},
		{"2024-02-29T00:00:00.5-00:30", 1709166600500000},
		{"0001-01-01T00:00:00Z", -62135596800000000},
	};
	static const char *const bad[] = {
		"",
		"2026-11-21",
		"2026-11-21T10:58:00",
		"2026-13-21T10:58:00Z",
		"2025-02-29T00:00:00Z",
		"2026-11-21T24:00:00Z",
		"2026-11-21T10:58:00.Z",
		"2026-11-21T10:58:00+2:00",
		"2026-11-21T10:58:00Zx",
		"2026-11-21T10:58:00.1234567890Z",
		"0000-01-01T00:00:00Z",
		"2026-11-31T00:00:00Z",
	};
	char out[CLOCK_RFC3339_SIZE];
	int64_t us;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(clock_parse_rfc3339(good[i].text, strlen(good[i].text), &us), 0);
		assert_int_equal(us, good[i].us);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (clock_parse_rfc3339(bad[i], strlen(bad[i]), &us) == 0)
			fail_msg("accepted '%s'", bad[i]);
	clock_rfc3339(1795258680123456, out);
	assert_string_equal(out, "2026-11-21T10:58:00.123456Z");
	clock_rfc3339(-1, out);
	assert_string_equal(out, "1969-12-31T23:59:59.999999Z");
	clock_rfc3339(-1000000, out); /* the same second, and then another one */
	assert_string_equal(out, "1969-12-31T23:59:59.000000Z");
	clock_rfc3339(7, out);
	assert_string_equal(out, "1970-01-01T00:00:00.000007Z");
}

static void digests(void **state)
{
	uint8_t sha256[DIGEST_SHA256_SIZE], sha1[DIGEST_SHA1_SIZE];
	char text[2 * DIGEST_SHA256_SIZE + 1];

	digest_sha256("abc", 3, sha256); /* FIPS 180-2 appendix B.1 and A.1 */
	hex_encode(sha256, sizeof sha256, text);
	assert_string_equal(text,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_sha1("a", 1, "bc", 2, sha1);
	hex_encode(sha1, sizeof sha1, text);
	assert_string_equal(text, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void uuids(void **state)
{
	static const struct uuid dns = {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4,
					 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};
	char a[UUID_SIZE], b[UUID_SIZE];
	struct uuid id;

	uuid_v5(&dns, "www.example.com", a); /* RFC 9562 appendix A.4 */
	assert_string_equal(a, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
	uuid_v7(a);
	for (int i = 0; i < 10000; i++) {
		uuid_v7(b);
		assert_true(strcmp(a, b) < 0);
		memcpy(a, b, sizeof a);
	}
	assert_int_equal(a[14], '7');
	uuid_v4(a);
	assert_int_equal(a[14], '4');
	assert_true(uuid_parse("2ED6657D-e927-568b-95e1-2665a8aea6a2", 36, &id));
	uuid_format(&id, b);
	assert_string_equal(b, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
	assert_false(uuid_valid("2ed6657de927568b95e12665a8aea6a2"));
	assert_false(uuid_valid("2ed6657d-e927-568b-95e1-2665a8aea6ag"));
	assert_false(uuid_valid("{ed6657d-e927-568b-95e1-2665a8aea6a2"));
}

static void base64_forms(void **state)
{
	static const char *const bad[] = {"A", "AB$=", "AB==C", "AR==x", "QQ=Q"};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	size_t len;

	/* RFC 4648 section 10. */
	assert_string_equal(base64_encode(arena, "foobar", 6), "Zm9vYmFy");
	assert_string_equal(base64_encode(arena, "foob", 4), "Zm9vYg==");
	assert_string_equal(base64url_encode(arena, "\xfb\xff", 2), "-_8");
	assert_memory_equal(base64_decode(arena, "Zm9vYg==", 8, &len), "foob", 4);
	assert_int_equal(len, 4);
	assert_memory_equal(base64_decode(arena, "-_8", 3, &len), "\xfb\xff", 2);
	assert_null(base64url_decode(arena, "+/8", 3, &len));
	assert_null(base64url_decode(arena, "-_9", 3, &len)); /* a bit that no byte has */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(base64_decode(arena, bad[i], strlen(bad[i]), &len));
}

static void utf8(void **state)
{
	static const char *const good[] = {"", "a", "é", "€", "😀", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {
		"\x80",         "\xc0\x80",         "\xc3", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(text_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	assert_false(text_is_utf8("a\0b", 3));
}

static void a_line_is_harmless(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{"", ""},
		{"Bats and owls", "Bats and owls"},
		{"  two\nlines\t ", "two lines"},
		{"a\x01\x7f\xc2\x85"
		 "b",
		 "a b"},
		{"a\xe2\x80\xa8"
		 "b\xe2\x80\xa9",
		 "a b"},
		/* ALM, LRM, RLM, LRE … RLO, LRI … PDI */
		{"\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f"
		 "x\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9",
		 "x"},
		{"\xe2\x80\xae", ""},
		{"مرحبا שלום 你好", "مرحبا שלום 你好"},
		{"👩\xe2\x80\x8d🚀", "👩\xe2\x80\x8d🚀"}, /* one character with a joiner */
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(1024, 65536);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text_line(arena, cases[i].text), cases[i].line);
}

static void numbers(void **state)
{
	int64_t value;

	assert_true(text_parse_i64("-9223372036854775808", 20, INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MIN);
	assert_true(text_parse_i64("9223372036854775807", 19, INT64_MIN, INT64_MAX, &value));
	assert_false(text_parse_i64("9223372036854775808", 19, INT64_MIN, INT64_MAX, &value));
	assert_false(text_parse_i64("", 0, 0, 9, &value));
	assert_false(text_parse_i64("-", 1, -9, 9, &value));
	assert_false(text_parse_i64("1x", 2, 0, 9, &value));
	assert_false(text_parse_i64("10", 2, 0, 9, &value));
	for (int i = 0; i < 1000; i++)
		assert_true(random_below(3) < 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_keeps_cause_and_prefix),
		cmocka_unit_test(arena_has_a_cap),
		cmocka_unit_test(buf_has_a_limit),
		cmocka_unit_test(a_buf_is_a_queue),
		cmocka_unit_test(fnv_is_fnv),
		cmocka_unit_test(time_there_and_back),
		cmocka_unit_test(digests),
		cmocka_unit_test(uuids),
		cmocka_unit_test(base64_forms),
		cmocka_unit_test(utf8),
		cmocka_unit_test(a_line_is_harmless),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
