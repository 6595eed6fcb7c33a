/* How the process takes memory from the system. */
#ifndef RUNTIME_BASE_MEMORY_H
#define RUNTIME_BASE_MEMORY_H

/* Gives back what was freed: two heaps for all threads instead of one for each, and large blocks of
 * their own, which return to the system at once. For a server whose load comes in bursts. Once, at
 * the start of main. */
void memory_thrifty(void);

#endif
