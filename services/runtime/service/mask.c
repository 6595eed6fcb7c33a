#include "runtime/service/mask.h"

enum status mask_check(struct rpc_call *call, const Google__Protobuf__FieldMask *mask)
{
	if (mask && mask->n_paths > 0)
		return OK;
	return rpc_fail_field(call, "field_required", "update_mask", "it names no field to change");
}

enum status mask_unknown(struct rpc_call *call, const char *path)
{
	return rpc_fail_field(call, "field_unknown", "update_mask",
			      "'%.60s' is no field that can be changed", path);
}
