#include "runtime/base/ensure.h"

#include <stdio.h>
#include <stdlib.h>

void ensure_failed(const char *expression, const char *file, int line)
{
	fprintf(stderr, "%s:%d: ensure(%s) failed\n", file, line, expression);
	abort();
}
