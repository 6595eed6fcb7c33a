/* The codes are in this answer and nowhere else: only their hashes are stored, so whoever reads
 * the database can redeem none. An administrator who lost the answer revokes the batch. */
#include "credits.h"

#include "runtime/base/text.h"
#include "voucher.h"

#include <string.h>

#define CODES_MAX 10000

static enum status check(struct rpc_call *call, const Credits__V1__CreateVouchersRequest *req)
{
	enum status s = credits_amount(call, "amount", req->amount_microcredits, 1);

	if (s == OK && (req->codes < 1 || req->codes > CODES_MAX))
		s = rpc_fail_field(call, "field_invalid", "codes", "codes must be 1..%d",
				   CODES_MAX);
	if (s == OK && !voucher_prefix_ok(req->prefix))
		s = rpc_fail_field(call, "field_invalid", "prefix",
				   "prefix is at most %d capital letters and digits",
				   VOUCHER_PREFIX_MAX);
	if (s == OK)
		s = credits_text(call, "note", req->note, 500);
	return s;
}

/* A repeat by the same key finds the batch, and not its codes. */
static void batch_id(struct rpc_call *call, char out[UUID_SIZE])
{
	if (call->ctx.idempotency_key[0])
		uuid_v5(&CREDITS_V1_ID_VOUCHER,
			arena_printf(call->arena, "batch:%s:%s", call->subject,
				     call->ctx.idempotency_key),
			out);
	else
		uuid_v7(out);
}

static enum status make_codes(struct rpc_call *call, const char *prefix, size_t n,
			      char ***ret_codes, const char **ret_hashes)
{
	char **codes = arena_alloc(call->arena, n * sizeof *codes);
	const char **hashes = arena_alloc(call->arena, n * sizeof *hashes);

	if (!codes || !hashes)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "vouchers");
	for (size_t i = 0; i < n; i++) {
		char code[VOUCHER_SIZE], normal[VOUCHER_SIZE], hex[2 * VOUCHER_HASH_SIZE + 1];
		unsigned char hash[VOUCHER_HASH_SIZE];

		voucher_make(prefix, code);
		if (!voucher_normalize(code, normal))
			return rpc_fail(call, INTERNAL, "internal_error", "a code is odd");
		voucher_hash(normal, hash);
		hex_encode(hash, sizeof hash, hex);
		codes[i] = arena_strdup(call->arena, code);
		hashes[i] = arena_strdup(call->arena, hex);
		if (!codes[i] || !hashes[i])
			return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "vouchers");
	}
	*ret_codes = codes;
	*ret_hashes = db_param_array(call->arena, hashes, n);
	return OK;
}

static enum status fill_batch(struct rpc_call *call, const char *id, const PGresult *rows,
			      const Credits__V1__CreateVouchersRequest *req,
			      Credits__V1__VoucherBatch **ret)
{
	Credits__V1__VoucherBatch *batch = arena_alloc(call->arena, sizeof *batch);

	if (!batch)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "call_too_large", "vouchers");
	credits__v1__voucher_batch__init(batch);
	batch->id = arena_strdup(call->arena, id);
	batch->amount_microcredits = req->amount_microcredits;
	batch->codes = req->codes;
	batch->prefix = req->prefix;
	batch->note = req->note;
	batch->actor = arena_strdup(call->arena, call->subject);
	batch->expire_time = req->expire_time;
	batch->create_time = db_time(call->arena, rows, 0, "create_us");
	*ret = batch;
	return OK;
}

enum status credits_v1_create_vouchers(struct rpc_call *call,
				       const Credits__V1__CreateVouchersRequest *req,
				       Credits__V1__CreateVouchersResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *hashes = NULL;
	char id[UUID_SIZE];
	enum status s = check(call, req);

	if (s == OK)
		s = make_codes(call, req->prefix, (size_t)req->codes, &resp->codes, &hashes);
	if (s != OK)
		return s;
	batch_id(call, id);
	const char *const params[] = {
		id,        db_param_i64(call->arena, req->amount_microcredits), req->prefix,
		req->note, db_param_time(call->arena, req->expire_time),        call->subject,
		hashes,
	};
	s = db_query_one(service_db(call), &sql_credits_make_vouchers, params, &rows, &call->err);
	if (s == ALREADY_EXISTS)
		return rpc_fail(call, ALREADY_EXISTS, "already_exists",
				"batch %s was made before; its codes were shown once. Revoke it "
				"and make another",
				id);
	if (s != OK)
		return s;
	resp->n_codes = (size_t)req->codes;
	return fill_batch(call, id, rows, req, &resp->batch);
}
