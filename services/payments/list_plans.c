#include "payments/plan.h"

enum status payments_v1_list_plans(struct rpc_call *call,
				   _unused_ const Payments__V1__ListPlansRequest *req,
				   Payments__V1__ListPlansResponse *resp)
{
	struct payments *payments = payments_of(call);
	const struct plans *plans = atomic_load(&payments->plans);

	resp->plans = (Payments__V1__Plan **)plans->shown; /* packed, not changed */
	resp->n_plans = plans->n;
	resp->purchasable = payments_enabled(payments);
	return OK;
}
