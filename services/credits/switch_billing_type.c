#include "credits.h"

enum status credits_v1_switch_billing_type(struct rpc_call *call,
					   const Credits__V1__SwitchBillingTypeRequest *req,
					   Credits__V1__Balance *resp)
{
	const struct credits_conf *conf = credits_of(call)->conf;
	const char *limit = conf->limit_microcredits > 0
				    ? db_param_i64(call->arena, conf->limit_microcredits)
				    : NULL;
	const char *purchases = db_param_i64(call->arena, conf->purchases_min);
	const char *type;
	enum status s;

	switch (req->billing_type) {
	case CREDITS__V1__BILLING_TYPE__PREPAID:
		type = "prepaid";
		break;
	case CREDITS__V1__BILLING_TYPE__PAY_AS_YOU_GO:
		type = "pay_as_you_go";
		break;
	default:
		return rpc_fail_field(call, "field_required", "billing_type",
				      "billing_type is PREPAID or PAY_AS_YOU_GO");
	}
	/* The look at the balance makes the account of a new user. */
	s = credits_balance(call, call->subject, true, resp);
	if (s == OK)
		s = db_exec(service_db(call), &sql_credits_switch_billing_type,
			    (const char *[]){call->subject, type, limit, purchases}, NULL,
			    &call->err);
	if (s == OK)
		s = credits_balance(call, call->subject, false, resp);
	return s;
}
