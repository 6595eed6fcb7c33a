/* Plans of users: accounts of their own that pay for some models. */
#include "credits.h"

#include <stdio.h>
#include <string.h>

enum status credits_plans(struct rpc_call *call, char *const *plans, size_t n)
{
	if (n > CREDITS_PLANS_MAX)
		return rpc_fail_field(call, "field_invalid", "plans", "more than %d plans",
				      CREDITS_PLANS_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!*plans[i] || strlen(plans[i]) > CREDITS_PLAN_BYTES_MAX)
			return rpc_fail_field(call, "field_invalid", "plans",
					      "a plan's id has 1 to %d bytes",
					      CREDITS_PLAN_BYTES_MAX);
	}
	return OK;
}

void credits_plan_account(const char *user_id, const char *plan, char out[UUID_SIZE])
{
	char name[UUID_SIZE + CREDITS_PLAN_BYTES_MAX + 1];

	snprintf(name, sizeof name, "%s:%s", user_id, plan);
	uuid_v5(&CREDITS_V1_ID_PLAN, name, out);
}
