/* The result of everything that can fail: the 17 codes of gRPC and one error that says why. */
#ifndef RUNTIME_BASE_STATUS_H
#define RUNTIME_BASE_STATUS_H

#include "runtime/base/cleanup.h"

/* Numbers and meaning: gRPC doc/statuscodes.md. */
enum status {
	OK = 0,
	CANCELLED = 1,
	UNKNOWN = 2,
	INVALID_ARGUMENT = 3,
	DEADLINE_EXCEEDED = 4,
	NOT_FOUND = 5,
	ALREADY_EXISTS = 6,
	PERMISSION_DENIED = 7,
	RESOURCE_EXHAUSTED = 8,
	FAILED_PRECONDITION = 9,
	ABORTED = 10,
	OUT_OF_RANGE = 11,
	UNIMPLEMENTED = 12,
	INTERNAL = 13,
	UNAVAILABLE = 14,
	DATA_LOSS = 15,
	UNAUTHENTICATED = 16,
};

#define STATUS_N 17

/* Why something failed. `reason` is the stable word that callers switch on: lower snake_case here,
 * UPPER_SNAKE on the wire (AIP-193), listed in protos/limitless/reasons.proto. `message` is for
 * people. `field` is the path of the input field at fault, or empty. A caller may pass NULL where
 * it does not care. */
struct error {
	enum status code;
	char reason[48];
	char field[80];
	char message[256];
};

/* "INVALID_ARGUMENT" and so on; "UNKNOWN" for a number outside the enum. Static storage. */
const char *status_name(enum status s);

/* Fills err (NULL allowed) and returns code, so that a failure is one line: return error_set(err,
 * …). */
_must_check_ _printf_(4, 5) enum status
	error_set(struct error *err, enum status code, const char *reason, const char *format, ...);

/* As error_set, naming the input field: INVALID_ARGUMENT unless code says otherwise. */
_must_check_ _printf_(5, 6) enum status
	error_field(struct error *err, enum status code, const char *reason, const char *field,
		    const char *format, ...);

/* Puts "format…: " before the message, on the way up. */
_printf_(2, 3) void error_prefix(struct error *err, const char *format, ...);

#endif
