#include "credits.h"

#include "runtime/base/text.h"

#include <string.h>

enum status credits_month(struct rpc_call *call, const char *month, const char **ret)
{
	int64_t number;
	size_t len = strlen(month);

	*ret = NULL;
	if (len == 0)
		return OK;
	if (len != 7 || month[4] != '-' || !text_parse_i64(month, 4, 2000, 9998, &number) ||
	    !text_parse_i64(month + 5, 2, 1, 12, &number))
		return rpc_fail_field(call, "field_invalid", "month",
				      "month must look like 2026-11, from 2000 on");
	*ret = month;
	return OK;
}
