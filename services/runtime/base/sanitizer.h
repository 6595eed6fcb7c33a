/* Which sanitizer the compiler builds in: gcc says it by a macro, clang by __has_feature. */
#ifndef RUNTIME_BASE_SANITIZER_H
#define RUNTIME_BASE_SANITIZER_H

#if defined(__has_feature)
#define SANITIZER_FEATURE(name_) __has_feature(name_)
#else
#define SANITIZER_FEATURE(name_) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || SANITIZER_FEATURE(address_sanitizer)
#define SANITIZER_ADDRESS 1
#else
#define SANITIZER_ADDRESS 0
#endif

#if defined(__SANITIZE_THREAD__) || SANITIZER_FEATURE(thread_sanitizer)
#define SANITIZER_THREAD 1
#else
#define SANITIZER_THREAD 0
#endif

#endif
