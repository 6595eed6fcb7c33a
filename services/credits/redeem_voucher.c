#include "credits.h"

#include "runtime/net/address.h"
#include "voucher.h"

#include <string.h>

/* Wrong, used, expired and revoked codes have the same words: nobody learns which codes exist. */
static enum status refuse(struct rpc_call *call, const char *refused)
{
	if (strcmp(refused, "voucher_tries") == 0)
		return rpc_fail(call, RESOURCE_EXHAUSTED, "voucher_tries",
				"too many codes that do not count; try again in an hour");
	return rpc_fail_field(call, "voucher_invalid", "code",
			      "this code is not valid any more, or has a typing error");
}

static enum status redeem(struct rpc_call *call, const char *normal, PGresult **ret)
{
	const struct credits_conf *conf = credits_of(call)->conf;
	char id[UUID_SIZE], address[NET_ADDRESS_SIZE];
	unsigned char hash[VOUCHER_HASH_SIZE];

	uuid_v5(&CREDITS_V1_ID_VOUCHER, normal, id);
	voucher_hash(normal, hash);
	net_address_key(call->ctx.client_address, address);
	const char *const params[] = {
		call->subject,
		id,
		db_param_bytes(call->arena, hash, sizeof hash),
		address,
		db_param_i64(call->arena, conf->voucher_tries_user),
		db_param_i64(call->arena, conf->voucher_tries_address),
	};
	return db_query_one(service_db(call), &sql_credits_redeem, params, ret, &call->err);
}

enum status credits_v1_redeem_voucher(struct rpc_call *call,
				      const Credits__V1__RedeemVoucherRequest *req,
				      Credits__V1__Transaction *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char normal[VOUCHER_SIZE];
	enum status s;

	/* Text that no code looks like is a typing error, and no try. */
	if (!voucher_normalize(req->code, normal))
		return refuse(call, "voucher_invalid");
	s = redeem(call, normal, &rows);
	if (s == OK && strcmp(db_peek(rows, 0, "refused"), "account_unknown") == 0) {
		PQclear(TAKE_PTR(rows));
		s = credits_open_account(call, call->subject);
		if (s == OK)
			s = redeem(call, normal, &rows);
	}
	if (s != OK)
		return s;
	if (!db_is_null(rows, 0, "refused"))
		return refuse(call, db_peek(rows, 0, "refused"));
	credits_transaction_read(call->arena, rows, 0, resp);
	return OK;
}
