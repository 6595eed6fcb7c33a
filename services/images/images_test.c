#include "images/images.h"
#include "tests/lib/call.h"
#include "tests/lib/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct db *db;

static void add(const char *user, int n)
{
	char sql[256];

	snprintf(
		sql, sizeof sql,
		"INSERT INTO images.image (id, owner_id, prompt, model, width, height, "
		"credits_used_microcredits) SELECT gen_random_uuid(), '%s', 'p' || i, 'm', 1, 1, 5 "
		"FROM generate_series(1, %d) i",
		user, n);
	pg_exec(sql);
}

static struct rpc_call *call_of(const char *user)
{
	struct rpc_call *call = test_call_new(db, user, NULL);

	call->method = &images_v1_list_images_method;
	return call;
}

static void a_new_user_has_no_images(void **state)
{
	char user[UUID_SIZE];
	_cleanup_(test_call_freep) struct rpc_call *call = NULL;
	Images__V1__ListImagesRequest req = IMAGES__V1__LIST_IMAGES_REQUEST__INIT;
	Images__V1__ListImagesResponse resp = IMAGES__V1__LIST_IMAGES_RESPONSE__INIT;

	uuid_v7(user);
	call = call_of(user);
	assert_int_equal(images_v1_list_images(call, &req, &resp), OK);
	assert_int_equal(resp.n_images, 0);
	assert_string_equal(resp.next_page_token, "");
}

/* Images made in one statement have one time, so the id decides their order. */
static void pages_hold_every_own_image_once(void **state)
{
	char user[UUID_SIZE], other[UUID_SIZE];
	_cleanup_(test_call_freep) struct rpc_call *call = NULL;
	Images__V1__ListImagesRequest req = IMAGES__V1__LIST_IMAGES_REQUEST__INIT;
	char last[UUID_SIZE] = "~";
	int seen = 0, pages = 0;

	uuid_v7(user);
	uuid_v7(other);
	add(user, 5);
	add(other, 3);
	call = call_of(user);
	req.page_size = 2;
	do {
		Images__V1__ListImagesResponse resp = IMAGES__V1__LIST_IMAGES_RESPONSE__INIT;

		assert_int_equal(images_v1_list_images(call, &req, &resp), OK);
		for (size_t i = 0; i < resp.n_images; i++, seen++) {
			assert_true(strcmp(resp.images[i]->id, last) < 0);
			snprintf(last, sizeof last, "%s", resp.images[i]->id);
			assert_int_equal(resp.images[i]->credits_used_microcredits, 5);
		}
		req.page_token = resp.next_page_token;
		pages++;
	} while (*req.page_token);
	assert_int_equal(seen, 5);
	assert_int_equal(pages, 3);
}

static void a_token_of_another_user_is_refused(void **state)
{
	char user[UUID_SIZE], other[UUID_SIZE];
	_cleanup_(test_call_freep) struct rpc_call *call = NULL, *others = NULL;
	Images__V1__ListImagesRequest req = IMAGES__V1__LIST_IMAGES_REQUEST__INIT;
	Images__V1__ListImagesResponse resp = IMAGES__V1__LIST_IMAGES_RESPONSE__INIT, none = resp;

	uuid_v7(user);
	uuid_v7(other);
	add(user, 2);
	call = call_of(user);
	others = call_of(other);
	req.page_size = 1;
	assert_int_equal(images_v1_list_images(call, &req, &resp), OK);
	req.page_token = resp.next_page_token;
	assert_int_equal(images_v1_list_images(others, &req, &none), INVALID_ARGUMENT);
	assert_string_equal(others->err.reason, "page_token_mismatch");
}

static int group_set_up(void **state)
{
	pg_start();
	pg_migrate("images");
	db = pg_db("images_app", sql_images_all);
	return 0;
}

static int group_tear_down(void **state)
{
	db_free(db);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_user_has_no_images),
		cmocka_unit_test(pages_hold_every_own_image_once),
		cmocka_unit_test(a_token_of_another_user_is_refused),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
