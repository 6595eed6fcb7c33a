/* The environment of the children of `limitless up`: only variables that are on a list. Secrets
 * travel as files that one user may read. */
#ifndef TOOLS_LIMITLESS_ENVIRONMENT_H
#define TOOLS_LIMITLESS_ENVIRONMENT_H

#include <stdbool.h>

/* Whether the variable is set to something. */
bool environment_has(const char *name);

/* Removes all variables but those of every program, LIMITLESS_<PROCESS>_…, and those in more
 * (NULL-terminated; NULL: none). process: NULL for programs of others. In a child, before exec. */
void environment_reduce(const char *process, const char *const *more);

/* Removes variables that no child gets, and overwrites the values that only some children get, so
 * that /proc/PID/environ of this process shows neither. To be called once they are read, with one
 * thread. */
void environment_forget(void);

#endif
