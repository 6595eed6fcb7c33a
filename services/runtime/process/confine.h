/* A process gives up what it never does, so that a hole in it is worth less to an attacker. */
#ifndef RUNTIME_PROCESS_CONFINE_H
#define RUNTIME_PROCESS_CONFINE_H

#include <stdbool.h>

/* From here on the process starts no program, traces no other one, mounts nothing and does nothing
 * else that only an operator does: such calls are EPERM, in all its threads, for good. It comes
 * before the first thread. False: the kernel has no seccomp, or a sanitizer is built in, which
 * needs some of these calls. */
bool confine_process(void);

#endif
