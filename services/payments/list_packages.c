#include "payments/payments.h"

enum status payments_v1_list_packages(struct rpc_call *call,
				      const Payments__V1__ListPackagesRequest *req,
				      Payments__V1__ListPackagesResponse *resp)
{
	const struct packages *packages = packages_current();

	resp->packages = (Payments__V1__Package **)packages->all; /* packed, not changed */
	resp->n_packages = packages->n;
	resp->purchasable = payments_enabled();
	resp->test_mode = payments_enabled() && !payments_live();
	return OK;
}
