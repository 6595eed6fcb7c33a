/* Calls that wait for a worker, fair among users: each user has a line, and the workers take a call
 * of each line in turn. Every step takes constant time. Under the lane's lock.
 *
 * A line may be as long as there are free places: one user fills half of the queue, two a third
 * each. A user who has none waiting always finds room. */
#include "runtime/rpc/server.h"

#include "runtime/base/ensure.h"
#include <string.h>

#define BUCKETS_MIN 64
#define BUCKETS_MAX 4096

/* The calls of one user, in the order in which they came. */
struct line {
	uint32_t hash;
	char key[PAYER_SIZE]; /* "": calls of nobody, as services make them on their own account */
	struct server_call *first, **last;
	int32_t n;
	struct line *next; /* in turn; or the spare ones */
	struct line *bucket_next;
};

void queue_init(struct call_queue *queue, int32_t calls_max, int32_t line_max)
{
	size_t buckets = BUCKETS_MIN;

	while (buckets < (size_t)calls_max && buckets < BUCKETS_MAX)
		buckets *= 2;
	queue->buckets = calloc(buckets, sizeof(queue->buckets[0]));
	ensure(queue->buckets);
	queue->mask = buckets - 1;
	queue->calls_max = calls_max;
	queue->line_max = line_max;
	queue->last = &queue->first;
}

void queue_done(struct call_queue *queue)
{
	while (queue->spare) {
		struct line *line = queue->spare;

		queue->spare = line->next;
		free(line);
	}
	free(queue->buckets);
}

static struct line *find(const struct call_queue *queue, const struct server_call *call)
{
	struct line *line = queue->buckets[call->payer_hash & queue->mask];

	while (line && (line->hash != call->payer_hash || strcmp(line->key, call->payer) != 0))
		line = line->bucket_next;
	return line;
}

static void to_the_back(struct call_queue *queue, struct line *line)
{
	line->next = NULL;
	*queue->last = line;
	queue->last = &line->next;
}

static struct line *add_line(struct call_queue *queue, const struct server_call *call)
{
	struct line **bucket = &queue->buckets[call->payer_hash & queue->mask];
	struct line *line = queue->spare;

	if (line)
		queue->spare = line->next;
	else
		line = malloc(sizeof(*line));
	ensure(line);
	*line = (struct line){.hash = call->payer_hash, .bucket_next = *bucket};
	memcpy(line->key, call->payer, strlen(call->payer) + 1);
	line->last = &line->first;
	*bucket = line;
	to_the_back(queue, line);
	return line;
}

static void remove_line(struct call_queue *queue, struct line *line)
{
	struct line **at = &queue->buckets[line->hash & queue->mask];

	while (*at != line)
		at = &(*at)->bucket_next;
	*at = line->bucket_next;
	line->next = queue->spare;
	queue->spare = line;
}

enum queue_answer queue_put(struct call_queue *queue, struct server_call *call)
{
	int32_t n = atomic_load_explicit(&queue->n, memory_order_relaxed);
	int32_t free_places = queue->calls_max - n;
	struct line *line = n > 0 ? find(queue, call) : NULL;

	if (free_places <= 0)
		return QUEUE_FULL;
	if (line && line->key[0] && (line->n >= queue->line_max || line->n >= free_places))
		return QUEUE_LINE_FULL;
	if (!line)
		line = add_line(queue, call);
	call->queue_next = NULL;
	*line->last = call;
	line->last = &call->queue_next;
	line->n++;
	atomic_store_explicit(&queue->n, n + 1, memory_order_relaxed);
	return QUEUE_TAKEN;
}

struct server_call *queue_first(const struct call_queue *queue)
{
	return queue->first ? queue->first->first : NULL;
}

struct server_call *queue_take(struct call_queue *queue)
{
	struct line *line = queue->first;
	struct server_call *call = line->first;

	line->first = call->queue_next;
	queue->first = line->next;
	if (!queue->first)
		queue->last = &queue->first;
	if (--line->n > 0)
		to_the_back(queue, line);
	else
		remove_line(queue, line);
	atomic_fetch_sub_explicit(&queue->n, 1, memory_order_relaxed);
	return call;
}

int32_t queues_waiting(const struct rpc_server *server)
{
	int32_t n = 0;

	for (size_t i = 0; i < RPC_LANES; i++)
		n += atomic_load_explicit(&server->lanes[i].queue.n, memory_order_relaxed);
	return n;
}
