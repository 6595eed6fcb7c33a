/* Groups of tests of one program, run by several processes beside each other: tests that wait for
 * processes and times leave the cores to others.
 *
 *   return groups_run(groups, ARRAY_SIZE(groups), GROUPS_BESIDE, stage_end);
 *
 * Each process takes the next group from the list until none is left. It has a database and a stage
 * of its own, which begin with its first group. What a group prints comes out at once after its
 * end, so that lines of two groups never mix. */
#ifndef TESTS_LIB_GROUPS_H
#define TESTS_LIB_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

/* Processes at once; the variable GROUPS_BESIDE says another number. */
#define GROUPS_BESIDE 4

struct group {
	int (*run)(void); /* the number of its failures */
	/* It needs a process of its own, because it moves the database's clock. These begin first.
	 */
	bool alone;
};

/* end: of each process after its last group; the number of failures. The whole number of them
 * comes back. A process that dies counts as one. */
int groups_run(const struct group *groups, size_t n, int beside, int (*end)(void));

#endif
