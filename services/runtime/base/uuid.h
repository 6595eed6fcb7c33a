/* UUIDs (RFC 9562) as 36 lower-case characters. */
#ifndef RUNTIME_BASE_UUID_H
#define RUNTIME_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_SIZE 37 /* with the NUL */

struct uuid {
	uint8_t bytes[16];
};

/* Version 7: milliseconds, then random; ids made later sort later, also within a millisecond of one
 * process. Any thread. */
void uuid_v7(char out[UUID_SIZE]);

/* Version 5: SHA-1 of name in the namespace. Same input, same id, on every machine. The namespaces of a
 * service stand in its proto (limitless.id_namespace), or in the one file that derives them. */
void uuid_v5(const struct uuid *name_space, const char *name, char out[UUID_SIZE]);

/* Version 4: random. */
void uuid_v4(char out[UUID_SIZE]);

/* Any case, the 36-character form only. */
bool uuid_parse(const char *text, size_t len, struct uuid *ret);
void uuid_format(const struct uuid *id, char out[UUID_SIZE]);
bool uuid_valid(const char *text);

#endif
