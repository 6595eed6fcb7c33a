#include "tools/limitless/environment.h"

#include "limitless/services.h"
#include "runtime/base/ensure.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_PREFIX "LIMITLESS_"

/* Paths, words and time, certificates, and options of sanitizers. */
static const char *const common[] = {
	"PATH",         "HOME",          "LANG",         "LC_ALL",
	"LC_CTYPE",     "LC_COLLATE",    "LC_MESSAGES",  "TZ",
	"TMPDIR",       "SSL_CERT_FILE", "SSL_CERT_DIR", "ASAN_OPTIONS",
	"LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", NULL,
};

/* Proxies, for the services that ask servers of others. */
static const char *const proxies[] = {
	"http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy",
	"NO_PROXY",   "all_proxy",   "ALL_PROXY",   NULL,
};

bool environment_has(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/* Whether the variable, "NAME=value", is in the list. */
static bool is_in(const char *const *list, const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (; list && *list; list++)
		if (strlen(*list) == len && strncmp(*list, variable, len) == 0)
			return true;
	return false;
}

/* Whether the variable is for this process: LIMITLESS_CHAT_LEASE=1s is for chat. NULL: for any
 * process of ours. */
static bool is_own(const char *process, const char *variable)
{
	size_t at = strlen(OWN_PREFIX);

	if (strncmp(variable, OWN_PREFIX, at) != 0)
		return false;
	if (!process)
		return true;
	for (; *process; process++, at++)
		if (variable[at] != toupper((unsigned char)*process))
			return false;
	return variable[at] == '_';
}

static bool calls_out(const char *process)
{
	for (size_t i = 0; i < SERVICES_N; i++)
		if (strcmp(services[i].name, process) == 0)
			return services[i].calls_out;
	return false;
}

void environment_reduce(const char *process, const char *const *more)
{
	size_t kept = 0;

	for (char **variable = environ; *variable; variable++)
		if (is_in(common, *variable) || is_in(more, *variable) ||
		    (process && (is_own(process, *variable) ||
				 (calls_out(process) && is_in(proxies, *variable)))))
			environ[kept++] = *variable;
	environ[kept] = NULL;
	/* libpq loads GnuTLS for LDAP, which no process uses. Not starting it spares each process a
	 * megabyte. */
	ensure(setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 1) == 0);
}

/* The environment at the start is the kernel's memory, which /proc shows. Variables that stay move
 * to memory of our own. */
void environment_forget(void)
{
	size_t kept = 0;

	for (char **variable = environ; *variable; variable++) {
		char *value = strchr(*variable, '='), *copy;

		if (is_in(common, *variable) || !value)
			copy = *variable;
		else if (is_in(proxies, *variable) || is_own(NULL, *variable))
			copy = strdup(*variable);
		else
			copy = NULL;
		ensure(copy || !is_own(NULL, *variable));
		if (value && copy != *variable)
			explicit_bzero(value + 1, strlen(value + 1));
		if (copy)
			environ[kept++] = copy;
	}
	environ[kept] = NULL;
}
