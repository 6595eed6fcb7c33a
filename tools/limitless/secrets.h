/* Secrets of one stack: files in DIR/secrets, mode 0600, made once and never changed. */
#ifndef TOOLS_LIMITLESS_SECRETS_H
#define TOOLS_LIMITLESS_SECRETS_H

#include "tools/limitless/place.h"

/* Path of 32 random bytes, as 64 hex digits. */
_must_check_ enum status secret_random(const struct place *place, const char *name,
				       char ret[TOOL_PATH_MAX], struct error *reterr);

/* Path of the ES256 key of a process (PEM). With public set: of its public key, which is no
 * secret. */
_must_check_ enum status secret_key(const struct place *place, const char *name, bool public,
				    char ret[TOOL_PATH_MAX], struct error *reterr);

/* Path of a file with a value of the environment. It is written at each start. */
_must_check_ enum status secret_given(const struct place *place, const char *name,
				      const char *value, char ret[TOOL_PATH_MAX],
				      struct error *reterr);

/* Removes the file of a value that the environment does not have any more. */
void secret_forget(const struct place *place, const char *name);

#endif
