#include "payments/payments.h"

enum status payments_v1_list_packages(struct rpc_call *call,
				      const Payments__V1__ListPackagesRequest *req,
				      Payments__V1__ListPackagesResponse *resp)
{
	struct payments *payments = payments_of(call);
	const struct packages *packages = atomic_load(&payments->packages);

	resp->packages = (Payments__V1__Package **)packages->all; /* packed, not changed */
	resp->n_packages = packages->n;
	resp->purchasable = payments_enabled(payments);
	resp->test_mode = resp->purchasable && !payments_live(payments);
	return OK;
}
