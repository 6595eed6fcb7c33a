/* Inside of runtime/rpc only: protobuf messages in and out. */
#ifndef RUNTIME_RPC_MESSAGE_H
#define RUNTIME_RPC_MESSAGE_H

#include "runtime/base/arena.h"
#include "runtime/base/status.h"
#include <protobuf-c/protobuf-c.h>

#define MESSAGE_DEPTH_MAX 64 /* of nested messages; protobuf-c recurses without a limit */

/* Checks what protobuf-c does not (text is UTF-8 without NUL, depth) and unpacks into arena;
 * nothing is to be freed. errors: INVALID_ARGUMENT text_invalid naming the field · INTERNAL
 * protocol_error · RESOURCE_EXHAUSTED call_too_large */
_must_check_ enum status message_unpack(const ProtobufCMessageDescriptor *descriptor,
					const uint8_t *data, size_t len, struct arena *arena,
					ProtobufCMessage **ret, struct error *reterr);

/* One compressed message (gzip) into malloc'ed memory. errors: INTERNAL protocol_error ·
 * RESOURCE_EXHAUSTED call_too_large above max. */
_must_check_ enum status message_gunzip(const uint8_t *data, size_t len, size_t max, uint8_t **ret,
					size_t *ret_len, struct error *reterr);

#endif
