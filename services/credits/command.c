#include "command.h"

#include "limitless/reasons.h"
#include "runtime/base/ensure.h"

#include <stdio.h>
#include <string.h>

/* Commands of one transaction. It holds the locks of all of them. */
#define BATCH_MAX 64
/* A leader that gives its connection back may not have said so yet. */
#define LEADER_TAKE_MS 1000

enum stage {
	QUEUED,
	TAKEN, /* another worker runs it */
	ALONE, /* it was undone with others: its own worker runs it again */
	DONE,
};

/* Of a worker that waits. */
struct credits_wait {
	pthread_cond_t changed;
	enum stage stage;
	enum status status; /* when DONE */
};

/* A command as a row of type command. */
static const char *row(struct arena *arena, const struct credits_command *c, size_t n)
{
	const char *const fields[] = {
		db_param_i64(arena, (int64_t)n),
		c->kind,
		c->id,
		c->subject,
		c->amount,
		c->expire_time,
		c->reference,
		c->model,
		c->budgets,
		c->overage,
		c->loss,
		c->plans,
	};

	return db_param_row(arena, fields, ARRAY_SIZE(fields));
}

static enum status run_batch(struct rpc_call *call, struct db *db,
			     struct credits_command *const *batch, size_t n)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *texts[BATCH_MAX] = {NULL};
	enum status s;

	for (size_t i = 0; i < n; i++)
		texts[i] = row(call->arena, batch[i], i);
	const char *const params[] = {
		db_param_array(call->arena, texts, n),
		db_param_i64(call->arena, credits_of(call)->conf->hold_lifetime_max_ms),
	};
	s = db_query(db, &sql_credits_run_commands, params, &rows, &call->err);
	if (s != OK)
		return s;
	for (int i = 0; i < PQntuples(rows); i++) {
		struct credits_command *command = batch[db_i64(rows, i, "n")];

		snprintf(command->refused, sizeof command->refused, "%s",
			 db_peek(rows, i, "refused"));
		command->available_microcredits = db_i64(rows, i, "available");
		command->charged_microcredits = db_i64(rows, i, "charged");
		command->expire_us = db_i64(rows, i, "expire_us");
	}
	return OK;
}

/* Takes the commands that wait, the oldest first. Under the lock. */
static size_t take(struct credits_queue *queue, struct credits_command **batch)
{
	size_t n = 0;

	while (queue->first && n < BATCH_MAX) {
		batch[n] = queue->first;
		batch[n++]->wait->stage = TAKEN;
		queue->first = queue->first->next;
	}
	return n;
}

/* Under the lock. */
static void put(struct credits_queue *queue, struct credits_command *command)
{
	command->next = NULL;
	if (queue->first)
		queue->last->next = command;
	else
		queue->first = command;
	queue->last = command;
}

/* Leaders share a few connections: their plans and functions are soon compiled, and stay in the
 * caches of the processors. */
static enum status run_led(struct rpc_call *call, struct credits_command *const *batch, size_t n)
{
	struct db_pool *pool = credits_of(call)->leader_pool;
	struct db *db;
	enum status s;

	if (!pool) /* a test, in the transaction of its one connection */
		return run_batch(call, service_db(call), batch, n);
	s = db_pool_take(pool, LEADER_TAKE_MS, &db, &call->err);
	if (s != OK)
		return s;
	db_set_deadline(db, call->ctx.deadline_us);
	s = run_batch(call, db, batch, n);
	db_pool_give(pool, db);
	return s;
}

/* Runs a batch. A batch that fails is undone whole; then each worker tries its own command, so that
 * one bad command does not fail the others. Under the lock, which is free while the statement
 * runs. */
static void lead(struct rpc_call *call, const struct credits_wait *own)
{
	struct credits_queue *queue = &credits_of(call)->queue;
	struct credits_command *batch[BATCH_MAX];
	size_t n = take(queue, batch);
	enum status s;

	queue->leaders++;
	pthread_mutex_unlock(&queue->lock);
	s = run_led(call, batch, n);
	pthread_mutex_lock(&queue->lock);
	queue->leaders--;
	for (size_t i = 0; i < n; i++) {
		bool final = s == OK || (n == 1 && batch[i]->wait == own);

		batch[i]->wait->stage = final ? DONE : ALONE;
		batch[i]->wait->status = s;
		pthread_cond_signal(&batch[i]->wait->changed);
	}
	if (queue->first)
		pthread_cond_signal(&queue->first->wait->changed);
}

/* Waits until this worker or another one has run the command. */
static enum status run(struct rpc_call *call, struct credits_command *command)
{
	struct credits_wait wait = {.changed = PTHREAD_COND_INITIALIZER, .stage = QUEUED};
	struct credits_queue *queue = &credits_of(call)->queue;

	command->wait = &wait;
	pthread_mutex_lock(&queue->lock);
	put(queue, command);
	while (wait.stage < ALONE) {
		if (wait.stage == QUEUED && queue->leaders < CREDITS_LEADERS_MAX)
			lead(call, &wait);
		else
			pthread_cond_wait(&wait.changed, &queue->lock);
	}
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_destroy(&wait.changed);
	return wait.stage == DONE ? wait.status : run_batch(call, service_db(call), &command, 1);
}

enum status credits_run(struct rpc_call *call, struct credits_command *command)
{
	const struct reason *reason;
	enum status s;

	s = run(call, command);
	if (s == OK && strcmp(command->refused, "account_unknown") == 0) {
		s = credits_open_account(call, command->subject);
		if (s == OK)
			s = run(call, command);
	}
	if (s != OK || !command->refused[0])
		return s;
	reason = reason_find(command->refused);
	if (!reason) /* a database that is newer than this process */
		return rpc_fail(call, INTERNAL, "internal_error", "the ledger answers '%s'",
				command->refused);
	return rpc_fail(call, reason->code, reason->word, "%s %s of %s", command->kind, command->id,
			command->subject);
}
