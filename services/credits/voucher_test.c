/* Vouchers: their codes, who may redeem them, and many who try at once. */
#include "voucher.h"

#include "credits_test.h"

#include "runtime/base/ensure.h"
#include "runtime/base/page.h"
#include "runtime/base/text.h"

#include <ctype.h>
#include <pthread.h>

#define ADMIN "0190a000-0000-7000-8000-0000000000ad"
#define AMOUNT (7 * CREDIT)

struct batch {
	char id[UUID_SIZE];
	char codes[32][VOUCHER_SIZE];
};

static enum status make(struct ledger *l, int n, int64_t amount, const char *prefix,
			int64_t expire_s, const char *key, struct batch *ret)
{
	_cleanup_(test_call_freep) struct rpc_call *call = ledger_call(l->db, ADMIN, NULL);
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Credits__V1__CreateVouchersRequest req = CREDITS__V1__CREATE_VOUCHERS_REQUEST__INIT;
	Credits__V1__CreateVouchersResponse resp = CREDITS__V1__CREATE_VOUCHERS_RESPONSE__INIT;
	enum status s;

	snprintf(call->ctx.idempotency_key, sizeof call->ctx.idempotency_key, "%s", key);
	expire.seconds = expire_s;
	req.amount_microcredits = amount;
	req.codes = n;
	req.prefix = (char *)prefix;
	req.note = "fair";
	req.expire_time = expire_s ? &expire : NULL;
	s = credits_v1_create_vouchers(call, &req, &resp);
	l->call->err = call->err;
	if (s != OK)
		return s;
	assert_int_equal(resp.n_codes, n);
	assert_int_equal(resp.batch->codes, n);
	assert_string_equal(resp.batch->note, "fair");
	snprintf(ret->id, UUID_SIZE, "%s", resp.batch->id);
	for (size_t i = 0; i < resp.n_codes && i < ARRAY_SIZE(ret->codes); i++)
		snprintf(ret->codes[i], VOUCHER_SIZE, "%s", resp.codes[i]);
	return OK;
}

static void make_ok(struct ledger *l, int n, struct batch *ret)
{
	assert_int_equal(make(l, n, AMOUNT, "FAIR", 0, "", ret), OK);
}

static enum status redeem_from(struct ledger *l, const char *user, const char *code,
			       const char *address)
{
	_cleanup_(test_call_freep) struct rpc_call *call = ledger_call(l->db, user, NULL);
	Credits__V1__RedeemVoucherRequest req = CREDITS__V1__REDEEM_VOUCHER_REQUEST__INIT;
	Credits__V1__Transaction resp = CREDITS__V1__TRANSACTION__INIT;
	enum status s;

	snprintf(call->ctx.client_address, sizeof call->ctx.client_address, "%s", address);
	req.code = (char *)code;
	s = credits_v1_redeem_voucher(call, &req, &resp);
	l->call->err = call->err;
	if (s == OK) {
		assert_int_equal(resp.kind, CREDITS__V1__TRANSACTION__KIND__VOUCHER);
		assert_int_equal(resp.amount_microcredits, AMOUNT);
	}
	return s;
}

static enum status redeem(struct ledger *l, const char *code)
{
	return redeem_from(l, l->user, code, "");
}

static enum status revoke_batch(struct ledger *l, const char *id, int32_t *ret_redeemed)
{
	_cleanup_(test_call_freep) struct rpc_call *call = ledger_call(l->db, ADMIN, NULL);
	Credits__V1__RevokeVouchersRequest req = CREDITS__V1__REVOKE_VOUCHERS_REQUEST__INIT;
	Credits__V1__VoucherBatch resp = CREDITS__V1__VOUCHER_BATCH__INIT;
	enum status s;

	req.batch = (char *)id;
	s = credits_v1_revoke_vouchers(call, &req, &resp);
	l->call->err = call->err;
	*ret_redeemed = resp.redeemed;
	if (s == OK)
		assert_non_null(resp.revoke_time);
	return s;
}

static void codes_are_long_and_plain(void **state)
{
	char code[VOUCHER_SIZE], other[VOUCHER_SIZE], normal[VOUCHER_SIZE];

	for (int i = 0; i < 1000; i++) {
		voucher_make("LOL", code);
		voucher_make("LOL", other);
		assert_string_not_equal(code, other);
		assert_int_equal(strlen(code), 3 + VOUCHER_SYMBOLS + 4);
		assert_null(strpbrk(code + 3, "ILOU"));
		assert_true(voucher_normalize(code, normal));
		assert_int_equal(strlen(normal), 3 + VOUCHER_SYMBOLS);
	}
	assert_true(VOUCHER_SYMBOLS * 5 >= 80);
	assert_false(voucher_normalize("", normal));
	assert_false(voucher_normalize("ABCDE-FGHJK", normal));
	assert_false(voucher_normalize("ABCDE-FGHJK-MNPQR-STVW\xC3\xA9", normal));
	assert_false(voucher_normalize("ABCDE-FGHJK-MNPQR-STVWX-ABCDE-FGHJK-MNPQR", normal));
}

/* As people type: small, with blanks, O for 0 and l for 1. */
static void a_code_is_read_as_people_write_it(void **state)
{
	struct ledger *l = *state;
	char typed[200] = "  ";
	struct batch batch;
	size_t n = 2;

	assert_int_equal(make(l, 1, AMOUNT, "LOL1", 0, "", &batch), OK);
	for (const char *p = batch.codes[0]; *p; p++) {
		typed[n++] = *p == '-'   ? ' '
			     : *p == '0' ? 'o'
			     : *p == '1' ? 'l'
					 : (char)tolower((unsigned char)*p);
		typed[n++] = ' ';
	}
	typed[n] = '\0';
	assert_int_equal(redeem(l, typed), OK);
	assert_int_equal(ledger_available(l), GIFT + AMOUNT);
}

static void a_code_counts_once(void **state)
{
	struct ledger *l = *state;
	char other[UUID_SIZE], sql[200];
	struct batch batch;

	make_ok(l, 2, &batch);
	for (int i = 0; i < 3; i++) /* the answer was lost: the same again */
		assert_int_equal(redeem(l, batch.codes[0]), OK);
	assert_int_equal(ledger_available(l), GIFT + AMOUNT);
	uuid_v7(other);
	assert_fails(l, redeem_from(l, other, batch.codes[0], ""), "voucher_invalid");
	assert_string_equal(l->call->err.field, "code");
	assert_int_equal(redeem_from(l, other, batch.codes[1], ""), OK);
	snprintf(sql, sizeof sql,
		 "SELECT sum(change_microcredits) FROM credits.day_total WHERE kind = 'voucher' "
		 "AND account_id IN ('%s', '%s')",
		 l->user, other);
	assert_int_equal(strtoll(pg_value(sql), NULL, 10), 2 * AMOUNT);
}

/* Who tries codes learns nothing: all answers are the same. */
static void codes_that_do_not_count_look_the_same(void **state)
{
	struct ledger *l = *state;
	char other[UUID_SIZE], wrong[VOUCHER_SIZE], message[sizeof l->call->err.message] = "";
	struct batch used, revoked, expired;
	const char *codes[4];
	int32_t redeemed;

	uuid_v7(other);
	make_ok(l, 1, &used);
	assert_int_equal(redeem_from(l, other, used.codes[0], ""), OK);
	make_ok(l, 1, &revoked);
	assert_int_equal(revoke_batch(l, revoked.id, &redeemed), OK);
	assert_int_equal(make(l, 1, AMOUNT, "FAIR", 1000000000, "", &expired), OK);
	voucher_make("FAIR", wrong);
	codes[0] = used.codes[0];
	codes[1] = revoked.codes[0];
	codes[2] = expired.codes[0];
	codes[3] = wrong;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_fails(l, redeem(l, codes[i]), "voucher_invalid");
		if (i == 0)
			snprintf(message, sizeof message, "%s", l->call->err.message);
		assert_string_equal(l->call->err.message, message);
	}
	assert_fails(l, redeem(l, "short"), "voucher_invalid");
	assert_string_equal(l->call->err.message, message);
	assert_int_equal(ledger_available(l), GIFT);
}

static void a_batch_is_revoked_but_not_what_was_redeemed(void **state)
{
	struct ledger *l = *state;
	struct batch batch;
	int32_t redeemed;

	make_ok(l, 2, &batch);
	assert_int_equal(redeem(l, batch.codes[0]), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(revoke_batch(l, batch.id, &redeemed), OK);
		assert_int_equal(redeemed, 1);
	}
	assert_fails(l, redeem(l, batch.codes[1]), "voucher_invalid");
	assert_int_equal(redeem(l, batch.codes[0]), OK); /* its own answer again */
	assert_int_equal(ledger_available(l), GIFT + AMOUNT);
	assert_fails(l, revoke_batch(l, l->user, &redeemed), "not_found");
}

/* At a limit of 3: the third is told that it is wrong, the fourth that it is too many. */
static void tries_are_limited(void **state)
{
	struct ledger *l = *state;
	const struct credits_conf *before = l->credits->conf;
	struct credits_conf strict = *before;
	char wrong[VOUCHER_SIZE], other[UUID_SIZE], third[UUID_SIZE];
	struct batch batch;

	strict.voucher_tries_user = 3;
	strict.voucher_tries_address = 5;
	l->credits->conf = &strict;
	make_ok(l, 8, &batch);
	for (int i = 0; i < 6; i++) /* codes that count are no tries */
		assert_int_equal(redeem_from(l, l->user, batch.codes[i], "192.0.2.1"), OK);
	for (int i = 0; i < 5; i++) {
		voucher_make("", wrong);
		assert_fails(l, redeem_from(l, l->user, wrong, "192.0.2.1"),
			     i < 3 ? "voucher_invalid" : "voucher_tries");
	}
	assert_fails(l, redeem_from(l, l->user, batch.codes[6], "192.0.2.9"), "voucher_tries");
	/* The address has had its five; another user elsewhere is free. */
	uuid_v7(other);
	uuid_v7(third);
	assert_fails(l, redeem_from(l, other, batch.codes[6], "192.0.2.1"), "voucher_tries");
	assert_int_equal(redeem_from(l, third, batch.codes[6], "2001:db8::1"), OK);
	pg_clock_add("+61 minutes");
	assert_int_equal(redeem_from(l, l->user, batch.codes[7], "192.0.2.1"), OK);
	assert_int_equal(credits_forget_tries(l->db, l->credits, &l->call->err), OK);
	l->credits->conf = before;
}

static void bad_batches_name_the_field(void **state)
{
	struct ledger *l = *state;
	struct batch batch;

	assert_fails(l, make(l, 0, AMOUNT, "", 0, "", &batch), "field_invalid");
	assert_string_equal(l->call->err.field, "codes");
	assert_fails(l, make(l, 10001, AMOUNT, "", 0, "", &batch), "field_invalid");
	assert_fails(l, make(l, 1, 0, "", 0, "", &batch), "amount_range");
	assert_fails(l, make(l, 1, AMOUNT, "a-b", 0, "", &batch), "field_invalid");
	assert_string_equal(l->call->err.field, "prefix");
	assert_int_equal(make(l, 1, AMOUNT, "", 0, l->user, &batch), OK);
	assert_fails(l, make(l, 1, AMOUNT, "", 0, l->user, &batch), "already_exists");
	assert_int_equal(make(l, 10000, AMOUNT, "ABCDEFGHIJKL", 0, "", &batch), OK);
	assert_int_equal(redeem(l, batch.codes[31]), OK);
}

static void batches_are_listed_newest_first(void **state)
{
	struct ledger *l = *state;
	_cleanup_(test_call_freep) struct rpc_call *call = ledger_call(l->db, ADMIN, NULL);
	Credits__V1__ListVoucherBatchesRequest req =
		CREDITS__V1__LIST_VOUCHER_BATCHES_REQUEST__INIT;
	Credits__V1__ListVoucherBatchesResponse resp =
		CREDITS__V1__LIST_VOUCHER_BATCHES_RESPONSE__INIT;
	struct batch first, second;
	char token[PAGE_TOKEN_MAX + 1];

	make_ok(l, 3, &first);
	make_ok(l, 4, &second);
	assert_int_equal(redeem(l, second.codes[2]), OK);
	call->method = &credits_v1_list_voucher_batches_method;
	req.page_size = 1;
	assert_int_equal(credits_v1_list_voucher_batches(call, &req, &resp), OK);
	assert_int_equal(resp.n_batches, 1);
	assert_string_equal(resp.batches[0]->id, second.id);
	assert_int_equal(resp.batches[0]->redeemed, 1);
	assert_int_equal(resp.batches[0]->amount_microcredits, AMOUNT);
	snprintf(token, sizeof token, "%s", resp.next_page_token);
	test_call_reset(call);
	call->method = &credits_v1_list_voucher_batches_method;
	req.page_token = token;
	assert_int_equal(credits_v1_list_voucher_batches(call, &req, &resp), OK);
	assert_string_equal(resp.batches[0]->id, first.id);
}

/* The database has no code, and the program's role cannot give a code to somebody else's account
 * by other columns. */
static void codes_are_stored_as_hashes(void **state)
{
	struct ledger *l = *state;
	char normal[VOUCHER_SIZE], sql[400];
	struct batch batch;

	make_ok(l, 1, &batch);
	assert_true(voucher_normalize(batch.codes[0], normal));
	snprintf(sql, sizeof sql,
		 "SELECT count(*) FILTER (WHERE code_hash = sha256('%s'::bytea)) || ' ' || "
		 "count(*) FILTER (WHERE v::text LIKE '%%%s%%') FROM credits.voucher v",
		 normal, normal);
	assert_string_equal(pg_value(sql), "1 0");
}

/* ---------------------------------------------------------------- many at once */

#define RACERS 16
#define ROUNDS 6

struct racer {
	pthread_t thread;
	struct ledger ledger;
	const struct batch *batch;
	int first; /* code that it begins with */
	int won;
};

/* Tries every code of the batch, beginning somewhere. */
static void *race(void *ctx)
{
	struct racer *r = ctx;

	for (int i = 0; i < ROUNDS; i++)
		r->won += redeem(&r->ledger, r->batch->codes[(r->first + i) % ROUNDS]) == OK;
	return NULL;
}

static void of_many_redeemers_one_wins(void **state)
{
	static struct racer racers[RACERS];
	struct ledger *l = *state;
	struct batch batch;
	uint64_t seed = random_below(1000);
	int won = 0;

	print_message("seed %lu\n", (unsigned long)seed);
	make_ok(l, ROUNDS, &batch);
	for (int i = 0; i < RACERS; i++) {
		struct racer *r = &racers[i];

		*r = (struct racer){
			.ledger = *l, .batch = &batch, .first = (int)(seed * 7 + i / 4)};
		/* Two of a user, so that one user's repeats race as well. */
		if (i % 2 == 0)
			uuid_v7(r->ledger.user);
		else
			memcpy(r->ledger.user, racers[i - 1].ledger.user, UUID_SIZE);
		r->ledger.db = pg_db("credits_app", sql_credits_all);
		r->ledger.call = ledger_call(r->ledger.db, r->ledger.user, NULL);
	}
	for (int i = 0; i < RACERS; i++)
		ensure(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		won += racers[i].won;
		test_call_free(racers[i].ledger.call);
		db_free(racers[i].ledger.db);
	}
	/* A user's second thread may have heard of the same success. */
	assert_true(won >= ROUNDS && won <= 2 * ROUNDS);
	char sql[800];
	snprintf(sql, sizeof sql,
		 "SELECT count(DISTINCT v.code_hash) || ' ' || count(*) || ' ' || "
		 "coalesce(sum(t.amount_microcredits), 0) FROM credits.voucher v "
		 "JOIN credits.transfer t ON t.reference = v.batch_id::text "
		 "WHERE v.batch_id = '%s' AND v.account_id = t.account_id AND v.redeem_time IS NOT "
		 "NULL AND t.kind = 'voucher' AND t.request_hash = "
		 "sha256(convert_to(ROW('voucher', v.account_id, v.code_hash)::text, 'UTF8'))",
		 batch.id);
	char expected[64];
	snprintf(expected, sizeof expected, "%d %d %lld", ROUNDS, ROUNDS,
		 (long long)(ROUNDS * AMOUNT));
	assert_string_equal(pg_value(sql), expected);
}

int voucher_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(codes_are_long_and_plain),
		TEST(a_code_is_read_as_people_write_it),
		TEST(a_code_counts_once),
		TEST(codes_that_do_not_count_look_the_same),
		TEST(a_batch_is_revoked_but_not_what_was_redeemed),
		TEST(tries_are_limited),
		TEST(bad_batches_name_the_field),
		TEST(batches_are_listed_newest_first),
		TEST(codes_are_stored_as_hashes),
		TEST(of_many_redeemers_one_wins),
	};

	return cmocka_run_group_tests(tests, ledger_group_set_up, NULL);
}
