/* What a child sees of the environment of `limitless up`: what is on a list. Secrets travel as
 * files that their one user may read. */
#ifndef TOOLS_LIMITLESS_ENVIRONMENT_H
#define TOOLS_LIMITLESS_ENVIRONMENT_H

#include <stdbool.h>

/* Any variable that is set to something. */
bool environment_has(const char *name);

/* In a child, before exec: takes away all but what every program needs, LIMITLESS_<PROCESS>_…, and
 * the names in more (NULL-terminated; NULL: none). process: NULL when it is none of ours. */
void environment_reduce(const char *process, const char *const *more);

/* Forgets what no child would get, and overwrites the values of what only some get: this process's
 * /proc/PID/environ shows them no more. After they were read, with one thread. */
void environment_forget(void);

#endif
