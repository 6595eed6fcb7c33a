/* google.protobuf.Timestamp from and to microseconds since 1970, in which rows and clocks count. */
#ifndef RUNTIME_DB_TIMESTAMP_H
#define RUNTIME_DB_TIMESTAMP_H

#include "runtime/base/arena.h"
#include <google/protobuf/timestamp.pb-c.h>
#include <stdint.h>

/* Initialises *ret. */
void timestamp_set(Google__Protobuf__Timestamp *ret, int64_t us);

/* A new one that lives as long as the arena. NULL: past the arena's limit. */
Google__Protobuf__Timestamp *timestamp_new(struct arena *arena, int64_t us);

/* The nearest time of the years 0001 to 9999, for a peer may send any number. */
int64_t timestamp_us(const Google__Protobuf__Timestamp *time);

#endif
