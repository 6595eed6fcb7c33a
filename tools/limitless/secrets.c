#include "tools/limitless/secrets.h"

#include "runtime/base/arena.h"
#include "runtime/base/text.h"
#include "runtime/token/token.h"

#include <ctype.h>
#include <stdio.h>

#define RANDOM_BYTES 32

enum status secret_random(const struct place *place, const char *name, char ret[TOOL_PATH_MAX],
			  struct error *reterr)
{
	unsigned char bytes[RANDOM_BYTES];
	char text[2 * RANDOM_BYTES + 1];

	tool_path(ret, "%s/secrets/%s", place->dir, name);
	if (access(ret, F_OK) == 0)
		return OK;
	random_bytes(bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, text);
	return tool_write_file(ret, text, 0600, reterr);
}

/* The private key is written last, so where it is, both are. */
static enum status make_pair(const char *private_path, const char *public_path,
			     struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 65536);
	char *private_pem, *public_pem;
	enum status s = token_key_generate(arena, &private_pem, &public_pem, reterr);

	if (s == OK)
		s = tool_write_file(public_path, public_pem, 0644, reterr);
	if (s == OK)
		s = tool_write_file(private_path, private_pem, 0600, reterr);
	return s;
}

enum status secret_key(const struct place *place, const char *name, bool public,
		       char ret[TOOL_PATH_MAX], struct error *reterr)
{
	char private_path[TOOL_PATH_MAX], public_path[TOOL_PATH_MAX];
	enum status s = OK;

	tool_path(private_path, "%s/secrets/%s.key", place->dir, name);
	tool_path(public_path, "%s/secrets/%s.pub", place->dir, name);
	if (access(private_path, F_OK) != 0)
		s = make_pair(private_path, public_path, reterr);
	tool_path(ret, "%s", public ? public_path : private_path);
	return s;
}

enum status secret_given(const struct place *place, const char *name, const char *value,
			 char ret[TOOL_PATH_MAX], struct error *reterr)
{
	tool_path(ret, "%s/secrets/%s", place->dir, name);
	return tool_write_file(ret, value, 0600, reterr);
}

void secret_forget(const struct place *place, const char *name)
{
	char path[TOOL_PATH_MAX];

	tool_path(path, "%s/secrets/%s", place->dir, name);
	unlink(path);
}
