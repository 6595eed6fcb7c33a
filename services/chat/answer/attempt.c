#include "chat/answer/attempt.h"

#include "runtime/base/clock.h"
#include "runtime/db/timestamp.h"
#include "runtime/log/log.h"

#include <inttypes.h>
#include <stdio.h>

void attempt_id(const char *generation, int32_t attempt, const struct uuid *name_space,
		char out[UUID_SIZE])
{
	char name[UUID_SIZE + 16];

	snprintf(name, sizeof name, "%s:%" PRId32, generation, attempt);
	uuid_v5(name_space, name, out);
}

void attempt_expire(const struct chat_conf *conf, int64_t lease_us,
		    Google__Protobuf__Timestamp *ret)
{
	timestamp_set(ret, lease_us + conf->hold_margin_ms * US_PER_MS);
}

enum status attempt_error(const struct error *err, struct error *reterr)
{
	switch (err->code) {
	case FAILED_PRECONDITION:
		*reterr = *err;
		return err->code;
	case CANCELLED:
	case UNKNOWN:
	case DEADLINE_EXCEEDED:
	case RESOURCE_EXHAUSTED:
	case ABORTED:
	case UNAVAILABLE:
		return error_set(reterr, UNAVAILABLE, "service_unavailable",
				 "the price cannot be held at the moment");
	default:
		log_error("hold_refused", LOG_S("reason", err->reason),
			  LOG_S("message", err->message));
		return error_set(reterr, INTERNAL, "internal_error", "the price cannot be held");
	}
}
