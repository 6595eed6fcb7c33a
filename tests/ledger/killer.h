/* Shared by the test and the library that kills (killer.c). */
#ifndef TESTS_LEDGER_KILLER_H
#define TESTS_LEDGER_KILLER_H

#include <stdatomic.h>
#include <stdbool.h>

struct killer {
	atomic_int left; /* calls until the last; 0: nobody is killed */
	bool after;      /* after that call, not before it */
};

#endif
