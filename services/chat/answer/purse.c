#include "chat/answer/purse.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/hash.h"

#include <string.h>

#define PURSES (1 << 12) /* users that are remembered; a new one takes another's place */
#define FRESH_US (60 * US_PER_S)
#define ANSWERS_LEFT 4 /* like the last one, that the user could still pay */

struct purse {
	char user_id[UUID_SIZE]; /* "": nobody */
	int64_t until_us;        /* clock_mono_us */
};

struct purses {
	struct purse of[PURSES];
};

struct purses *purses_new(void)
{
	struct purses *purses = calloc(1, sizeof *purses);

	ensure(purses);
	return purses;
}

void purses_free(struct purses *purses)
{
	free(purses);
}

static struct purse *place(const struct engine *engine, const char *user_id)
{
	return &engine->purses->of[hash_fnv1a(user_id, strlen(user_id)) % PURSES];
}

void purse_note(struct engine *engine, const char *user_id, int64_t held_microcredits,
		int64_t available_microcredits)
{
	struct purse *purse = place(engine, user_id);

	if (available_microcredits / ANSWERS_LEFT < held_microcredits) {
		purse_forget(engine, user_id);
		return;
	}
	snprintf(purse->user_id, UUID_SIZE, "%s", user_id);
	purse->until_us = clock_mono_us() + FRESH_US;
}

void purse_forget(struct engine *engine, const char *user_id)
{
	struct purse *purse = place(engine, user_id);

	if (strcmp(purse->user_id, user_id) == 0)
		purse->user_id[0] = '\0';
}

bool purse_full(const struct engine *engine, const char *user_id)
{
	const struct purse *purse = place(engine, user_id);

	return strcmp(purse->user_id, user_id) == 0 && clock_mono_us() < purse->until_us;
}
