/* One error shape for all answers: problem+json (RFC 9457) with gRPC code, reason and request id.
 */
#ifndef GATEWAY_PROBLEM_H
#define GATEWAY_PROBLEM_H

#include "runtime/base/buf.h"
#include "runtime/base/status.h"
#include <stdint.h>

#define RETRY_AFTER_SECONDS 1

/* Seconds for Retry-After: 1 for an error that may pass, 0 for one that will not. */
int32_t problem_retry_after(const struct error *err);

/* Appends {"type":…,"title":…,"status":…,"detail":…,"code":…,"reason":…,"requestId":…,"field":…}.
 * Without field where the error names none. */
void problem_write(struct buf *out, const struct error *err, const char *request_id);

#endif
