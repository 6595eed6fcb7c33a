/* Errors in the formats that clients of OpenAI and Anthropic read: status, type, code, and whether
 * the client should try again by itself. Pure. */
#ifndef GATEWAY_DIALECT_H
#define GATEWAY_DIALECT_H

#include "gateway/route_table.h"
#include "runtime/base/buf.h"
#include "runtime/base/status.h"

/* The format of a request's errors: that of its route, and below /v1/ that of OpenAI or, where the
 * client is Anthropic's, that one. anthropic_version: the header, or NULL. */
enum route_dialect dialect_of(const struct route *route, const char *path,
			      const char *anthropic_version);

/* HTTP status of an error. It differs from reasons.proto's where clients go by another one. */
uint16_t dialect_status(enum route_dialect dialect, const struct error *err);

/* Whether the same request may succeed later: reasons.proto's `retryable`. */
bool dialect_retryable(const struct error *err);

/* Appends the error as the body of an answer. Not for PROTO3: problem.h. */
void dialect_write(enum route_dialect dialect, const struct error *err, const char *request_id,
		   struct buf *out);

/* Headers that browsers' pages may send and read besides ours: those of the official clients. */
#define DIALECT_REQUEST_HEADERS                                                             \
	"x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-" \
	"access, openai-organization, openai-project, openai-beta, x-on-disconnect, "       \
	"x-stainless-arch, x-stainless-async, x-stainless-custom-poll-interval, "           \
	"x-stainless-helper, x-stainless-helper-method, x-stainless-lang, x-stainless-os, " \
	"x-stainless-package-version, x-stainless-poll-helper, x-stainless-retry-count, "   \
	"x-stainless-runtime, x-stainless-runtime-version, x-stainless-timeout"
#define DIALECT_ANSWER_HEADERS "request-id, retry-after-ms, x-should-retry"

#endif
