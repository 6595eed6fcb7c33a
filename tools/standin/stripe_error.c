/* Errors of the stand-in Stripe. */
#include "tools/standin/stripe.h"

void stripe_error(struct stripe_answer *answer, int32_t status, const char *type, const char *code,
		  const char *param, const char *message)
{
	json_decref(answer->body);
	answer->status = status;
	answer->body = json_pack("{s:{s:s, s:s?, s:s?, s:s}}", "error", "type", type, "code", code,
				 "param", param, "message", message);
}
