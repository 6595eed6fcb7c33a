/* Rows that make pages, without a database. */
#include "runtime/service/list.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ARENA_BYTES 4096

static const struct rpc_method method = {.path = "/test.v1.Test/List"};

/* n rows: key "k0" and id "i0" and so on. Freed by PQclear. */
static PGresult *rows_of(int n)
{
	PGresAttDesc columns[] = {{.name = (char *)"key"}, {.name = (char *)"id"}};
	PGresult *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	assert_int_equal(PQsetResultAttrs(rows, ARRAY_SIZE(columns), columns), 1);
	for (int i = 0; i < n; i++) {
		char key[16], id[16];

		snprintf(key, sizeof key, "k%d", i);
		snprintf(id, sizeof id, "i%d", i);
		assert_int_equal(PQsetvalue(rows, i, 0, key, (int)strlen(key)), 1);
		assert_int_equal(PQsetvalue(rows, i, 1, id, (int)strlen(id)), 1);
	}
	return rows;
}

static void a_row_more_than_the_page_becomes_a_token(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(ARENA_BYTES, ARENA_BYTES);
	struct rpc_call call = {.method = &method, .arena = arena};
	struct page page, next;
	char *token = NULL;

	assert_int_equal(list_begin(&call, "filter", 2, "", &page), OK);
	assert_string_equal(list_limit(&call, &page), "3");
	assert_string_equal(page_key(&page, "first"), "first");
	for (int n = 0; n <= 3; n++) {
		_cleanup_(PQclearp) PGresult *rows = rows_of(n);

		assert_int_equal(list_end(&call, &page, rows, "key", &token), n < 2 ? n : 2);
		assert_int_equal(token != NULL, n > 2);
	}
	assert_int_equal(list_begin(&call, "filter", 2, token, &next), OK);
	assert_string_equal(page_key(&next, "first"), "k1");
	assert_string_equal(page_id(&next, "first"), "i1");
	assert_int_equal(list_begin(&call, "another", 2, token, &next), INVALID_ARGUMENT);
	assert_string_equal(call.err.reason, "page_token_mismatch");
}

static void a_repeated_field_holds_initialised_messages(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(ARENA_BYTES, ARENA_BYTES);
	struct rpc_call call = {.method = &method, .arena = arena};
	Google__Protobuf__Timestamp **times = NULL;
	size_t n = 7;

	assert_int_equal(list_new(&call, &google__protobuf__timestamp__descriptor, 0, &n, &times),
			 OK);
	assert_int_equal(n, 0);
	assert_int_equal(list_new(&call, &google__protobuf__timestamp__descriptor, 3, &n, &times),
			 OK);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(times[i]->base.descriptor,
				 &google__protobuf__timestamp__descriptor);
		times[i]->seconds = (int64_t)i;
	}
	assert_int_equal(times[2]->seconds - times[0]->seconds, 2);
}

static void a_field_past_the_arena_is_an_error(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(ARENA_BYTES, ARENA_BYTES);
	struct rpc_call call = {.method = &method, .arena = arena};
	Google__Protobuf__Timestamp **times = NULL;
	size_t n = 7;

	assert_int_equal(
		list_new(&call, &google__protobuf__timestamp__descriptor, ARENA_BYTES, &n, &times),
		RESOURCE_EXHAUSTED);
	assert_string_equal(call.err.reason, "call_too_large");
	assert_null(times);
	assert_int_equal(n, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_more_than_the_page_becomes_a_token),
		cmocka_unit_test(a_repeated_field_holds_initialised_messages),
		cmocka_unit_test(a_field_past_the_arena_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
