/* What goes wrong with a provider, in our words. The provider's own text stays out: it may quote
 * the key or the prompt. */
#include "chat/provider/provider.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_printf_(5, 6) static void set(struct provider_fault *fault, enum fault_kind kind, enum status code,
			       const char *reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*fault = (struct provider_fault){.kind = kind, .retry_after_ms = -1};
	fault->err.code = code;
	snprintf(fault->err.reason, sizeof fault->err.reason, "%s", reason);
	vsnprintf(fault->err.message, sizeof fault->err.message, format, args);
	va_end(args);
}

void provider_fault_status(int32_t status, struct provider_fault *fault)
{
	if (status == 429)
		set(fault, FAULT_BUSY, UNAVAILABLE, "provider_busy", "the provider is busy");
	else if (status == 401 || status == 402 || status == 403)
		set(fault, FAULT_KEY, FAILED_PRECONDITION, "provider_refused",
		    "the provider refused our account (%" PRId32 ")", status);
	else if (status >= 400 && status < 500 && status != 408)
		set(fault, FAULT_FINAL, FAILED_PRECONDITION, "provider_refused",
		    "the provider refused the request (%" PRId32 ")", status);
	else
		set(fault, FAULT_RETRY, UNAVAILABLE, "provider_unavailable",
		    "the provider failed (%" PRId32 ")", status);
}

void provider_fault_broken(struct provider_fault *fault, const char *what)
{
	set(fault, FAULT_RETRY, UNAVAILABLE, "provider_broken",
	    "the provider's answer is broken: %s", what);
}

void provider_fault_transfer(enum status status, struct provider_fault *fault)
{
	if (status == RESOURCE_EXHAUSTED)
		provider_fault_broken(fault, "it is too long");
	else
		set(fault, FAULT_RETRY, UNAVAILABLE, "provider_unavailable", "%s",
		    status == DEADLINE_EXCEEDED ? "the provider did not answer in time"
						: "the connection to the provider broke");
}
