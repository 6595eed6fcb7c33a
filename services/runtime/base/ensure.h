/* Assertions that stay on in release builds: for programming errors only, never for input. */
#ifndef RUNTIME_BASE_ENSURE_H
#define RUNTIME_BASE_ENSURE_H

/* Prints expression and place to stderr and aborts. */
_Noreturn void ensure_failed(const char *expression, const char *file, int line);

#define ensure(expression)                                              \
	do {                                                            \
		if (__builtin_expect(!(expression), 0))                 \
			ensure_failed(#expression, __FILE__, __LINE__); \
	} while (0)

#endif
