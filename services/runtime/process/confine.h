/* A server may not do things that it never does: a hole in it is worth less to an attacker. */
#ifndef RUNTIME_PROCESS_CONFINE_H
#define RUNTIME_PROCESS_CONFINE_H

#include <stdbool.h>

/* From now on this process, with all threads that it makes, starts no program, traces nobody,
 * mounts nothing, and does nothing that only an operator does: EPERM. For good. Before the first
 * thread. False: the kernel has no seccomp, or a sanitizer is built in, which needs some of it. */
bool confine_process(void);

#endif
