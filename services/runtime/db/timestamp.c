#include "runtime/db/timestamp.h"

#include "runtime/base/clock.h"

/* The years that Timestamp and timestamptz both know. */
#define SECONDS_MIN (-62135596800LL) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX 253402300799LL   /* 9999-12-31T23:59:59Z */

void timestamp_set(Google__Protobuf__Timestamp *ret, int64_t us)
{
	google__protobuf__timestamp__init(ret);
	ret->seconds = us / US_PER_S;
	ret->nanos = (int32_t)(us % US_PER_S) * 1000;
	if (ret->nanos < 0) {
		ret->seconds--;
		ret->nanos += 1000000000;
	}
}

Google__Protobuf__Timestamp *timestamp_new(struct arena *arena, int64_t us)
{
	Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof *time);

	if (time)
		timestamp_set(time, us);
	return time;
}

int64_t timestamp_us(const Google__Protobuf__Timestamp *time)
{
	int64_t seconds = time->seconds;

	if (seconds < SECONDS_MIN)
		seconds = SECONDS_MIN;
	if (seconds > SECONDS_MAX)
		seconds = SECONDS_MAX;
	return seconds * US_PER_S + time->nanos / 1000;
}
