#include "gateway/lines.h"

#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/log/log.h"
#include "runtime/net/address.h"
#include "runtime/net/net.h"

#include <pthread.h>
#include <string.h>

/* Slots for addresses. An address whose slot belongs to one that is as busy shares its lines. */
#define SLOTS 1024
#define SAY_US US_PER_S

struct slot {
	char key[NET_ADDRESS_SIZE];
	int64_t full_us; /* time at which all its lines are free again */
	int64_t suppressed;
};

/* Outlives every gateway, as its timers do. */
static struct {
	pthread_mutex_t mutex;
	uint64_t seed;
	int64_t interval_us, burst_us; /* cost of one line, and of all that may */
	struct slot slots[SLOTS];
} lines = {.mutex = PTHREAD_MUTEX_INITIALIZER, .interval_us = 1, .burst_us = US_PER_S};

void lines_init(int64_t per_second, int64_t burst)
{
	pthread_mutex_lock(&lines.mutex);
	random_bytes(&lines.seed, sizeof lines.seed);
	lines.interval_us = per_second ? US_PER_S / per_second : 0;
	lines.burst_us = lines.interval_us * burst;
	memset(lines.slots, 0, sizeof lines.slots);
	pthread_mutex_unlock(&lines.mutex);
}

static struct slot *slot_of(const char *key)
{
	uint64_t hash = lines.seed;

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * 0x100000001b3u;
	return &lines.slots[(hash ^ hash >> 32) % SLOTS];
}

static void say(void *ctx)
{
	struct slot *slot = ctx;
	char key[NET_ADDRESS_SIZE];
	int64_t suppressed;

	pthread_mutex_lock(&lines.mutex);
	suppressed = slot->suppressed;
	slot->suppressed = 0;
	memcpy(key, slot->key, sizeof key);
	pthread_mutex_unlock(&lines.mutex);
	if (suppressed)
		log_warn("request_lines_suppressed", LOG_S("address", key),
			 LOG_I("lines", suppressed));
}

bool lines_take(const char *address)
{
	int64_t now = clock_mono_us();
	char key[NET_ADDRESS_SIZE];
	bool good, first = false;
	struct slot *slot;

	net_address_key(address, key);
	pthread_mutex_lock(&lines.mutex);
	slot = slot_of(key);
	if (slot->full_us <= now && !slot->suppressed) {
		memcpy(slot->key, key, sizeof key);
		slot->full_us = now;
	}
	good = slot->full_us + lines.interval_us - now <= lines.burst_us;
	if (good) {
		slot->full_us += lines.interval_us;
	} else {
		first = slot->suppressed == 0;
		slot->suppressed++;
	}
	pthread_mutex_unlock(&lines.mutex);
	if (first)
		net_timer_start(now + SAY_US, say, slot);
	return good;
}
