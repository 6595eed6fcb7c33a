/* Attributes and the cleanup idiom (systemd's src/fundamental/macro-fundamental.h is the model). */
#ifndef RUNTIME_BASE_CLEANUP_H
#define RUNTIME_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((__cleanup__(f)))
#define _must_check_ __attribute__((__warn_unused_result__))
#define _printf_(format, first) __attribute__((__format__(__printf__, format, first)))
#define _unused_ __attribute__((__unused__))

/* Defines f##p(type *) for _cleanup_(f##p); f is called only for a value that is not NULL. */
#define DEFINE_TRIVIAL_CLEANUP_FUNC(type, f) \
	static inline void f##p(type *p)     \
	{                                    \
		if (*p)                      \
			f(*p);               \
	}                                    \
	struct cleanup_func_ends_with_semicolon

/* Gives the pointer away and leaves NULL behind. */
#define TAKE_PTR(p)                                             \
	({                                                      \
		__auto_type take_ptr_address = &(p);            \
		__auto_type take_ptr_value = *take_ptr_address; \
		*take_ptr_address = NULL;                       \
		take_ptr_value;                                 \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
