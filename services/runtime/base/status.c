#include "runtime/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[STATUS_N] = {
	[OK] = "OK",
	[CANCELLED] = "CANCELLED",
	[UNKNOWN] = "UNKNOWN",
	[INVALID_ARGUMENT] = "INVALID_ARGUMENT",
	[DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
	[NOT_FOUND] = "NOT_FOUND",
	[ALREADY_EXISTS] = "ALREADY_EXISTS",
	[PERMISSION_DENIED] = "PERMISSION_DENIED",
	[RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
	[FAILED_PRECONDITION] = "FAILED_PRECONDITION",
	[ABORTED] = "ABORTED",
	[OUT_OF_RANGE] = "OUT_OF_RANGE",
	[UNIMPLEMENTED] = "UNIMPLEMENTED",
	[INTERNAL] = "INTERNAL",
	[UNAVAILABLE] = "UNAVAILABLE",
	[DATA_LOSS] = "DATA_LOSS",
	[UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *status_name(enum status s)
{
	if ((unsigned)s >= STATUS_N)
		return names[UNKNOWN];
	return names[s];
}

_printf_(5, 0) static void fill(struct error *err, enum status code, const char *reason,
				const char *field, const char *format, va_list args)
{
	if (!err)
		return;
	err->code = code;
	snprintf(err->reason, sizeof err->reason, "%s", reason);
	snprintf(err->field, sizeof err->field, "%s", field);
	vsnprintf(err->message, sizeof err->message, format, args);
}

enum status error_set(struct error *err, enum status code, const char *reason, const char *format,
		      ...)
{
	va_list args;

	va_start(args, format);
	fill(err, code, reason, "", format, args);
	va_end(args);
	return code;
}

enum status error_field(struct error *err, enum status code, const char *reason, const char *field,
			const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, code, reason, field, format, args);
	va_end(args);
	return code;
}

void error_prefix(struct error *err, const char *format, ...)
{
	char prefix[sizeof err->message];
	size_t room, len;
	va_list args;
	int n;

	if (!err)
		return;
	va_start(args, format);
	n = vsnprintf(prefix, sizeof prefix, format, args);
	va_end(args);
	if (n < 0 || (size_t)n + 2 >= sizeof prefix)
		return; /* such a prefix would leave no room for the message */
	memcpy(prefix + n, ": ", 2);
	n += 2;
	room = sizeof err->message - 1 - (size_t)n;
	len = strnlen(err->message, sizeof err->message - 1);
	if (len > room)
		len = room;
	memmove(err->message + n, err->message, len);
	memcpy(err->message, prefix, (size_t)n);
	err->message[(size_t)n + len] = '\0';
}
