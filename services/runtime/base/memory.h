/* How the process takes memory from the system, and gives it back. */
#ifndef RUNTIME_BASE_MEMORY_H
#define RUNTIME_BASE_MEMORY_H

/* Gives back what was freed: two heaps for all threads instead of one for each, and large blocks of
 * their own, which return to the system at once. For a server whose load comes in bursts. Once, at
 * the start of main. */
void memory_thrifty(void);

/* Once a process serves: lets go of the code and constants of the program and its libraries that
 * were mapped while it started (dynamic linking, OpenSSL's tables, configuration: nine tenths of
 * what is resident then). Code that it needs again comes back from the page cache, by a minor
 * fault. Any thread; cheap. */
void memory_trim_start(void);

#endif
