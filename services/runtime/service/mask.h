/* Update methods (AIP-134): update_mask names the fields that change. */
#ifndef RUNTIME_SERVICE_MASK_H
#define RUNTIME_SERVICE_MASK_H

#include "google/protobuf/field_mask.pb-c.h"
#include "runtime/rpc/rpc.h"

/* errors: INVALID_ARGUMENT field_required, when it names none. NULL: no mask came. */
_must_check_ enum status mask_check(struct rpc_call *call, const Google__Protobuf__FieldMask *mask);

/* The answer to a path that is no field of the message, or none that changes: INVALID_ARGUMENT
 * field_unknown. */
_must_check_ enum status mask_unknown(struct rpc_call *call, const char *path);

#endif
