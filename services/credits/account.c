/* An account is made when credits first sees its user, whichever call that is. */
#include "credits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum status credits_uuid(struct rpc_call *call, const char *field, const char *text,
			 char out[UUID_SIZE])
{
	struct uuid id;

	if (!uuid_parse(text, strlen(text), &id))
		return rpc_fail_field(call, "field_invalid", field, "%s is not a UUID", field);
	uuid_format(&id, out);
	return OK;
}

enum status credits_amount(struct rpc_call *call, const char *field, int64_t amount, int64_t min)
{
	if (amount < min || amount > AMOUNT_MICROCREDITS_MAX)
		return rpc_fail_field(call, "amount_range", field,
				      "%s must be %" PRId64 "..%lld micro-credits, got %" PRId64,
				      field, min, AMOUNT_MICROCREDITS_MAX, amount);
	return OK;
}

enum status credits_text(struct rpc_call *call, const char *field, const char *text,
			 size_t bytes_max)
{
	size_t len = strlen(text);

	if (len > bytes_max)
		return rpc_fail_field(call, "field_too_long", field,
				      "%s has %zu bytes, at most %zu are allowed", field, len,
				      bytes_max);
	return OK;
}

enum status credits_open_account(struct rpc_call *call, const char *user_id)
{
	char gift_id[UUID_SIZE], amount[24], lifetime[24];
	const struct credits_conf *conf = credits_of(call)->conf;

	uuid_v5(&CREDITS_V1_ID_GIFT, user_id, gift_id);
	snprintf(amount, sizeof amount, "%" PRId64, conf->gift_microcredits);
	snprintf(lifetime, sizeof lifetime, "%" PRId64, conf->gift_lifetime_ms);
	return db_exec(service_db(call), &sql_credits_open_account,
		       (const char *[]){user_id, conf->gift_microcredits > 0 ? gift_id : NULL,
					amount, conf->gift_lifetime_ms > 0 ? lifetime : NULL},
		       NULL, &call->err);
}
