#include "chat/catalogue/groups.h"

#include "chat/catalogue/current.h"
#include "chat/catalogue/group_set.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"
#include "sql/chat.h"

#include <pthread.h>
#include <stdlib.h>

#define SET_BYTES_MAX (64 << 20) /* 200 groups of 1,000 users and 200 models each need less */
#define WAIT_MS 1000             /* for a connection of the pool */

struct groups {
	struct db_pool *pool;
	int32_t interval_ms;
	pthread_t thread;
	pthread_rwlock_t set_lock; /* of arena and set */
	struct arena *arena;       /* of the set; NULL: nothing was read yet */
	struct group_set set;
	pthread_mutex_t lock; /* of stopping and look */
	pthread_cond_t changed;
	bool stopping, look;
	/* Of the thread that looks. */
	int64_t version; /* of the set */
	bool failed;
};

static enum status read_version(struct db *db, int64_t *ret, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s = db_query_one(db, &sql_model_group_version, NULL, &rows, reterr);

	if (s == OK)
		*ret = db_i64(rows, 0, "version");
	return s;
}

/* The version is read first: a change between the two is read again at the next look. */
static enum status read_now(struct groups *groups, struct db *db, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	_cleanup_(arena_freep) struct arena *arena = NULL;
	struct arena *old;
	struct group_set set;
	int64_t version;
	enum status s = read_version(db, &version, reterr);

	if (s != OK || (groups->arena && version == groups->version))
		return s;
	s = db_query(db, &sql_model_groups, (const char *[]){NULL}, &rows, reterr);
	if (s != OK)
		return s;
	arena = arena_new(4096, SET_BYTES_MAX);
	s = group_set_read(arena, rows, &set, reterr);
	if (s != OK)
		return s;
	groups->version = version;
	pthread_rwlock_wrlock(&groups->set_lock);
	groups->set = set;
	old = groups->arena;
	groups->arena = TAKE_PTR(arena);
	pthread_rwlock_unlock(&groups->set_lock);
	arena_free(old);
	return OK;
}

static enum status groups_read(struct groups *groups, int32_t wait_ms, struct error *reterr)
{
	struct db *db;
	enum status s = db_pool_take(groups->pool, wait_ms, &db, reterr);

	if (s != OK)
		return s;
	s = read_now(groups, db, reterr);
	db_pool_give(groups->pool, db);
	return s;
}

/* With the database away the groups stay as they were. */
static void look(struct groups *groups)
{
	struct error err;
	enum status s = groups_read(groups, WAIT_MS, &err);

	if (s != OK && !groups->failed)
		log_warn("model_groups_not_read", LOG_S("message", err.message));
	groups->failed = s != OK;
}

static void *run(void *ctx)
{
	struct groups *groups = ctx;

	pthread_mutex_lock(&groups->lock);
	while (!groups->stopping) {
		struct timespec until = clock_mono_after(groups->interval_ms);

		while (!groups->stopping && !groups->look &&
		       pthread_cond_clockwait(&groups->changed, &groups->lock, CLOCK_MONOTONIC,
					      &until) == 0)
			;
		groups->look = false;
		if (groups->stopping)
			break;
		pthread_mutex_unlock(&groups->lock);
		look(groups);
		pthread_mutex_lock(&groups->lock);
	}
	pthread_mutex_unlock(&groups->lock);
	return NULL;
}

static void groups_free(struct groups *groups)
{
	arena_free(groups->arena);
	pthread_cond_destroy(&groups->changed);
	pthread_mutex_destroy(&groups->lock);
	pthread_rwlock_destroy(&groups->set_lock);
	free(groups);
}

enum status groups_start(struct db_pool *pool, int32_t interval_ms, int32_t wait_ms,
			 struct groups **ret, struct error *reterr)
{
	struct groups *groups = calloc(1, sizeof *groups);
	enum status s;

	ensure(groups);
	groups->pool = pool;
	groups->interval_ms = interval_ms;
	pthread_rwlock_init(&groups->set_lock, NULL);
	pthread_mutex_init(&groups->lock, NULL);
	pthread_cond_init(&groups->changed, NULL);
	s = groups_read(groups, wait_ms, reterr);
	if (s != OK) {
		groups_free(groups);
		return s;
	}
	ensure(pthread_create(&groups->thread, NULL, run, groups) == 0);
	*ret = groups;
	return OK;
}

void groups_stop(struct groups *groups)
{
	pthread_mutex_lock(&groups->lock);
	groups->stopping = true;
	pthread_cond_signal(&groups->changed);
	pthread_mutex_unlock(&groups->lock);
	pthread_join(groups->thread, NULL);
	groups_free(groups);
}

void groups_changed(struct groups *groups)
{
	pthread_mutex_lock(&groups->lock);
	groups->look = true;
	pthread_cond_signal(&groups->changed);
	pthread_mutex_unlock(&groups->lock);
}

/* ---------------------------------------------------------------- plans of a user */

static enum status read_plans(struct db *db, const char *user_id, struct plan_list *ret,
			      struct error *reterr)
{
	static const char max[] = "32";
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s =
		db_query(db, &sql_user_plans, (const char *[]){user_id, max}, &rows, reterr);

	static_assert(GROUP_PLANS_MAX == 32, "max must be the same");
	for (int i = 0; s == OK && i < PQntuples(rows); i++)
		snprintf(ret->ids[ret->n++], sizeof ret->ids[0], "%s", db_peek(rows, i, "plan"));
	return s;
}

static void look_up_plans(struct groups *groups, const char *user_id, struct plan_list *ret)
{
	struct error err;
	struct db *db;
	enum status s = db_pool_take(groups->pool, WAIT_MS, &db, &err);

	ret->n = 0;
	if (s == OK) {
		s = read_plans(db, user_id, ret, &err);
		db_pool_give(groups->pool, db);
	}
	if (s != OK)
		log_warn("plans_not_read", LOG_S("user", user_id), LOG_S("message", err.message));
}

void models_member(struct groups *groups, const struct rpc_subject *who, struct plan_list *ret)
{
	bool any = false;

	pthread_rwlock_rdlock(&groups->set_lock);
	for (size_t i = 0; i < groups->set.n; i++)
		any |= groups->set.groups[i]->n_plans > 0;
	pthread_rwlock_unlock(&groups->set_lock);
	ret->n = 0;
	if (any)
		look_up_plans(groups, who->user_id, ret);
}

/* ---------------------------------------------------------------- who may what */

void model_plans(struct groups *groups, const char *model, struct plan_list *ret)
{
	pthread_rwlock_rdlock(&groups->set_lock);
	group_set_plans(&groups->set, model, ret);
	pthread_rwlock_unlock(&groups->set_lock);
}

/* opening: the plans that would help where it is false. */
static bool allowed_now(struct groups *groups, const char *model, const struct rpc_subject *who,
			struct plan_list *opening)
{
	bool allowed;

	pthread_rwlock_rdlock(&groups->set_lock);
	allowed = group_set_allows(&groups->set, model, who);
	opening->n = 0;
	if (!allowed)
		group_set_plans(&groups->set, model, opening);
	pthread_rwlock_unlock(&groups->set_lock);
	return allowed;
}

bool model_allowed_with(struct groups *groups, const char *model, const struct rpc_subject *who,
			const struct plan_list *plans)
{
	struct plan_list opening;

	return allowed_now(groups, model, who, &opening) || plan_lists_meet(&opening, plans);
}

bool model_allowed(struct groups *groups, const char *model, const struct rpc_subject *who)
{
	struct plan_list opening, plans;

	if (allowed_now(groups, model, who, &opening))
		return true;
	if (opening.n == 0)
		return false;
	look_up_plans(groups, who->user_id, &plans);
	return plan_lists_meet(&opening, &plans);
}

static enum status check_kind(const struct model *model, enum model_kind kind, struct error *reterr)
{
	if (model->kind == kind)
		return OK;
	return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "model",
			   kind == MODEL_CHAT
				   ? "the model '%.100s' makes embeddings: POST /v1/embeddings"
				   : "the model '%.100s' makes no embeddings",
			   model->id);
}

enum status model_of_kind(struct groups *groups, const struct catalogue *catalogue,
			  const struct rpc_subject *who, enum model_kind kind, const char *id,
			  const char *fallback, const struct model **ret, struct error *reterr)
{
	bool any = !*id && !*fallback;
	struct plan_list plans;
	enum status s = chat_model(catalogue, id, fallback, ret, reterr);

	if (s != OK)
		return s;
	if (model_allowed(groups, (*ret)->id, who))
		return check_kind(*ret, kind, reterr);
	if (any)
		models_member(groups, who, &plans);
	for (size_t i = 0; any && i < catalogue->n_models; i++) {
		if (catalogue->models[i].kind == kind &&
		    model_allowed_with(groups, catalogue->models[i].id, who, &plans)) {
			*ret = &catalogue->models[i];
			return OK;
		}
	}
	return error_field(reterr, PERMISSION_DENIED, "model_not_allowed", "model",
			   "the model '%.100s' is not open to this account", (*ret)->id);
}

enum status model_for(struct groups *groups, const struct catalogue *catalogue,
		      const struct rpc_subject *who, const char *id, const char *fallback,
		      const struct model **ret, struct error *reterr)
{
	return model_of_kind(groups, catalogue, who, MODEL_CHAT, id, fallback, ret, reterr);
}
