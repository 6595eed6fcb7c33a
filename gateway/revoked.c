/* A sorted array, for sessions end rarely and are looked up with every request. */
#include "gateway/revoked.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/uuid.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct uuid session;
	int64_t forget_seconds;
};

struct revoked {
	pthread_rwlock_t lock;
	struct entry *entries; /* sorted by session */
	size_t n, capacity;
};

struct revoked *revoked_new(void)
{
	struct revoked *revoked = calloc(1, sizeof *revoked);

	ensure(revoked);
	pthread_rwlock_init(&revoked->lock, NULL);
	return revoked;
}

void revoked_free(struct revoked *revoked)
{
	if (!revoked)
		return;
	pthread_rwlock_destroy(&revoked->lock);
	free(revoked->entries);
	free(revoked);
}

/* Index of the session, or the index where it belongs. */
static size_t place_of(const struct revoked *revoked, const struct uuid *session)
{
	size_t low = 0, high = revoked->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&revoked->entries[middle].session, session, sizeof *session) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool stands_at(const struct revoked *revoked, size_t place, const struct uuid *session)
{
	return place < revoked->n &&
	       memcmp(&revoked->entries[place].session, session, sizeof *session) == 0;
}

static void forget_old(struct revoked *revoked)
{
	int64_t now = clock_wall_us() / US_PER_S;
	size_t kept = 0;

	for (size_t i = 0; i < revoked->n; i++)
		if (revoked->entries[i].forget_seconds >= now)
			revoked->entries[kept++] = revoked->entries[i];
	revoked->n = kept;
}

void revoked_add(struct revoked *revoked, const char *session_id, int64_t forget_seconds)
{
	struct uuid session;
	size_t place;

	if (!uuid_parse(session_id, strlen(session_id), &session))
		return;
	pthread_rwlock_wrlock(&revoked->lock);
	if (revoked->n == revoked->capacity)
		forget_old(
			revoked); /* only when the array is full: each entry is looked at seldom */
	if (revoked->n == revoked->capacity) {
		revoked->capacity = revoked->capacity ? 2 * revoked->capacity : 64;
		revoked->entries =
			reallocarray(revoked->entries, revoked->capacity, sizeof *revoked->entries);
		ensure(revoked->entries);
	}
	place = place_of(revoked, &session);
	if (stands_at(revoked, place, &session)) {
		revoked->entries[place].forget_seconds = forget_seconds;
	} else {
		memmove(&revoked->entries[place + 1], &revoked->entries[place],
			(revoked->n - place) * sizeof *revoked->entries);
		revoked->entries[place] = (struct entry){session, forget_seconds};
		revoked->n++;
	}
	pthread_rwlock_unlock(&revoked->lock);
}

bool revoked_has(struct revoked *revoked, const char *session_id)
{
	struct uuid session;
	bool has;

	if (!uuid_parse(session_id, strlen(session_id), &session))
		return false;
	pthread_rwlock_rdlock(&revoked->lock);
	has = revoked->n && stands_at(revoked, place_of(revoked, &session), &session);
	pthread_rwlock_unlock(&revoked->lock);
	return has;
}
