#include "runtime/base/clock.h"
#include "runtime/base/page.h"
#include "runtime/base/text.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "a secret of this deployment"
#define FILTER "user=018f archived=0"

static int set_up(void **state)
{
	*state = arena_new(4096, 1 << 20);
	page_set_secret(SECRET);
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static void expect_refused(struct arena *arena, const char *method, const char *filter,
			   const char *token, const char *reason)
{
	struct page page = {.size = -7};
	struct error err;

	assert_int_equal(page_begin(&page, arena, method, filter, 0, token, &err),
			 INVALID_ARGUMENT);
	assert_string_equal(err.reason, reason);
	assert_string_equal(err.field, "page_token");
	assert_int_equal(page.size, -7); /* nothing half-written */
}

static void sizes_are_bounded(void **state)
{
	static const struct {
		int32_t asked, got;
	} cases[] = {{0, PAGE_SIZE_DEFAULT}, {1, 1}, {100, 100}, {101, 100}, {INT32_MAX, 100}};
	struct page page;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(page_begin(&page, *state, "m", "", cases[i].asked, "", &err), OK);
		assert_int_equal(page.size, cases[i].got);
		assert_null(page.key);
		assert_null(page.id);
	}
	assert_int_equal(page_begin(&page, *state, "m", "", -1, NULL, &err), INVALID_ARGUMENT);
	assert_string_equal(err.field, "page_size");
}

static void a_token_brings_key_and_id_back(void **state)
{
	static const char *const keys[] = {"2026-11-21 10:58:00.123456+00", "", "äöü title: x|y"};
	struct page first, second;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *token;

		assert_int_equal(page_begin(&first, *state, "m", FILTER, 10, NULL, &err), OK);
		token = page_next(&first, *state, keys[i], "id-1");
		assert_true(strlen(token) <= PAGE_TOKEN_MAX);
		assert_int_equal(page_begin(&second, *state, "m", FILTER, 10, token, &err), OK);
		assert_string_equal(second.key, keys[i]);
		assert_string_equal(second.id, "id-1");
	}
}

static void the_longest_key_fits(void **state)
{
	char key[PAGE_KEY_MAX - 36 + 1], id[36 + 1];
	struct page page;
	struct error err;
	const char *token;

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	memset(id, 'i', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	assert_int_equal(page_begin(&page, *state, "m", FILTER, 10, NULL, &err), OK);
	token = page_next(&page, *state, key, id);
	assert_true(strlen(token) <= PAGE_TOKEN_MAX);
	assert_int_equal(page_begin(&page, *state, "m", FILTER, 10, token, &err), OK);
	assert_string_equal(page.key, key);
	assert_string_equal(page.id, id);
}

static void another_list_is_refused(void **state)
{
	struct page page;
	struct error err;
	const char *token;

	assert_int_equal(page_begin(&page, *state, "chats", FILTER, 10, NULL, &err), OK);
	token = page_next(&page, *state, "key", "id");
	expect_refused(*state, "messages", FILTER, token, "page_token_mismatch");
	expect_refused(*state, "chats", FILTER " q=x", token, "page_token_mismatch");
	/* Method and filter may not run into each other. */
	expect_refused(*state, "chatsu", &FILTER[1], token, "page_token_mismatch");
}

static void a_forged_token_is_refused(void **state)
{
	static const char *const forged[] = {"x", "%%%", "AAAA", "=", "é"};
	char changed[PAGE_TOKEN_MAX + 2];
	struct page page;
	struct error err;
	const char *token;

	for (size_t i = 0; i < ARRAY_SIZE(forged); i++)
		expect_refused(*state, "m", FILTER, forged[i], "field_invalid");

	assert_int_equal(page_begin(&page, *state, "m", FILTER, 10, NULL, &err), OK);
	token = page_next(&page, *state, "key", "id");
	for (size_t i = 0; token[i]; i++) {
		memcpy(changed, token, strlen(token) + 1);
		changed[i] = changed[i] == 'Q' ? 'g' : 'Q'; /* differ in the leading bits */
		expect_refused(*state, "m", FILTER, changed, "field_invalid");
	}
	memset(changed, 'A', sizeof(changed) - 1);
	changed[sizeof(changed) - 1] = '\0';
	expect_refused(*state, "m", FILTER, changed, "field_invalid");

	page_set_secret("another secret");
	expect_refused(*state, "m", FILTER, token, "field_invalid");
}

/* ---------------------------------------------------------------- forged by one who knows */

/* base64url of mac, list and text, signed with HMAC-SHA-256 by SHA-256 of the secret. NULL: with
 * 32 zero bytes, as a program had that was given none. */
static char *forge(struct arena *arena, const char *secret, const struct page *page,
		   const void *text, size_t len)
{
	uint8_t raw[PAGE_TOKEN_MAX] = {0}, mac[32], key[32] = {0};
	size_t head = 16 + sizeof(page->list);

	if (secret)
		assert_int_equal(EVP_Digest(secret, strlen(secret), key, NULL, EVP_sha256(), NULL),
				 1);
	assert_true(head + len <= sizeof raw);
	memcpy(raw + 16, page->list, sizeof(page->list));
	memcpy(raw + head, text, len);
	assert_non_null(HMAC(EVP_sha256(), key, sizeof key, raw + 16, head - 16 + len, mac, NULL));
	memcpy(raw, mac, 16);
	return base64url_encode(arena, raw, head + len);
}

/* Runs before a secret is set. */
static void without_a_secret_nobody_can_sign(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct page page;
	struct error err;

	assert_int_equal(page_begin(&page, arena, "m", FILTER, 10, NULL, &err), OK);
	expect_refused(arena, "m", FILTER, forge(arena, NULL, &page, "key\0id", 6),
		       "field_invalid");
	expect_refused(arena, "m", FILTER, forge(arena, NULL, &page, "keyid", 5), "field_invalid");
	expect_refused(arena, "m", FILTER, forge(arena, "", &page, "keyid", 5), "field_invalid");
	/* Our own are good meanwhile. */
	assert_int_equal(page_begin(&page, arena, "m", FILTER, 10,
				    page_next(&page, arena, "key", "id"), &err),
			 OK);
}

static void a_signed_token_may_be_odd(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {{"", 0},
		     {"key", 3},
		     {"key\0i\0d", 7},
		     {"\xff\0id", 4},
		     {"key\0\xed\xa0\x80", 7},
		     {"\0\0", 2},
		     {"\0\0\0\0", 4}};
	struct page page;
	struct error err;

	assert_int_equal(page_begin(&page, *state, "m", FILTER, 10, NULL, &err), OK);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_refused(*state, "m", FILTER,
			       forge(*state, SECRET, &page, cases[i].text, cases[i].len),
			       "field_invalid");
}

/* Signed content is one key and one id, or 400. */
static void random_tokens_never_abort(void **state)
{
	unsigned seed = (unsigned)clock_wall_us();

	print_message("# seed %u\n", seed);
	for (int i = 0; i < 20000; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 16);
		size_t len = (size_t)rand_r(&seed) % 60;
		struct page page, got = {.size = -7};
		struct error err;
		char text[60];
		enum status s;
		char *token;

		for (size_t k = 0; k < len; k++) /* mostly text, some NUL, some other bytes */
			text[k] = rand_r(&seed) % 8 ? 'a' : (char)(rand_r(&seed) % 3 * 127);
		assert_int_equal(page_begin(&page, arena, "m", FILTER, 10, NULL, &err), OK);
		token = forge(arena, SECRET, &page, text, len);
		if (rand_r(&seed) % 4 == 0)
			token[(size_t)rand_r(&seed) % strlen(token)] =
				(char)(rand_r(&seed) % 255 + 1);
		s = page_begin(&got, arena, "m", FILTER, 10, token, &err);
		if (s == OK) {
			assert_int_equal(strlen(got.key) + 1 + strlen(got.id), len);
			assert_memory_equal(got.key, text, strlen(got.key) + 1);
		} else {
			assert_int_equal(s, INVALID_ARGUMENT);
			assert_int_equal(got.size, -7);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_secret_nobody_can_sign),
		cmocka_unit_test_setup_teardown(sizes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_token_brings_key_and_id_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_longest_key_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_list_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_forged_token_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signed_token_may_be_odd, set_up, tear_down),
		cmocka_unit_test_setup_teardown(random_tokens_never_abort, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
