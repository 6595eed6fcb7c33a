/* One error shape for all answers: problem+json (RFC 9457) with gRPC code, reason and request id.
 */
#ifndef GATEWAY_PROBLEM_H
#define GATEWAY_PROBLEM_H

#include "runtime/base/buf.h"
#include "runtime/base/status.h"
#include <stdint.h>

/* HTTP status of an error: that of its reason (protos/limitless/reasons.proto) where it names one,
 * else that of its code (google/rpc/code.proto's table). */
int32_t problem_status(const struct error *err);

/* Seconds for Retry-After: 1 for what may succeed later, 0 for what will not. */
int32_t problem_retry_after(const struct error *err);

/* Appends {"type":…,"title":…,"status":…,"detail":…,"code":…,"reason":…,"requestId":…,"field":…};
 * field only where the error names one. */
void problem_write(struct buf *out, const struct error *err, const char *request_id);

#endif
