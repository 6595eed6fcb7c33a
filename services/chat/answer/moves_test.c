/* The table of an answer's states: which moves it has, and what becomes of an answer that asks for
 * another. */
#include "chat/answer/stage.h"
#include "runtime/base/ensure.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
/* after the four that it needs */
#include <cmocka.h>

int moves_tests(void);

#define ID "0190a000-0000-7000-8000-00000000000b"

/* By from and to, in the order of enum stage: new, hold, try, pause, end, gone. x is a move. */
static const char *const moves[STAGES_N] = {
	"-x----", /* new */
	"--x-xx", /* hold */
	"--xxxx", /* try */
	"--x-xx", /* pause */
	"-----x", /* end */
	"------", /* gone */
};

/* An answer that is refused a move here would wait for ever, so it is dropped. */
static bool is_live(enum stage stage)
{
	return stage == STAGE_HOLD || stage == STAGE_TRY || stage == STAGE_PAUSE;
}

static void the_table_has_these_moves(void **state)
{
	(void)state;
	for (enum stage from = 0; from < STAGES_N; from++) {
		for (enum stage to = 0; to < STAGES_N; to++) {
			if (stage_allows(from, to) != (moves[from][to] == 'x'))
				fail_msg("from %d to %d", (int)from, (int)to);
		}
	}
}

/* One answer in one state, which asks for one move. */
struct ask {
	struct listener listener;
	struct engine *engine;
	struct generation *generation;
	enum stage from, to;
	enum stage after;   /* the move */
	enum stage at_last; /* when the engine thread had done what was posted */
	bool dropped, found;
	bool heard; /* of the drop */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done;
};

static void on_dropped(struct listener *listener)
{
	((struct ask *)listener)->heard = true;
}

static void on_over(struct listener *listener, struct event_log *log)
{
	(void)listener;
	(void)log;
}

static void look(void *ctx)
{
	struct ask *ask = ctx;

	ask->at_last = ask->generation->stage;
	ask->dropped = ask->heard;
	ask->found = generation_find(ask->engine, ID) != NULL;
	if (ask->found)
		generation_drop(ask->generation);
	generation_unref(ask->generation);
	pthread_mutex_lock(&ask->lock);
	ask->done = true;
	pthread_cond_signal(&ask->changed);
	pthread_mutex_unlock(&ask->lock);
}

static void ask_posted(void *ctx)
{
	struct ask *ask = ctx;
	struct generation *generation = ask->generation = generation_new(ask->engine, ID);

	generation->advance = stage_advance;
	generation->stage = ask->from;
	if (ask->from != STAGE_NEW && ask->from != STAGE_GONE) {
		generation_enter(generation_ref(generation));
		generation_listen(generation, &ask->listener);
	}
	generation_advance(generation, ask->to);
	ask->after = generation->stage;
	engine_post(ask->engine, look, ask);
}

static void set_up_engine(struct engine *engine, struct chat_conf *conf)
{
	conf->answer_bytes_max = 1 << 20;
	engine->conf = conf;
	engine->http = http_client_new(&(struct http_client_options){
		.connections_max = 1, .connections_per_host_max = 1, .user_agent = "test"});
}

static void other_moves_are_refused(void **state)
{
	struct chat_conf conf = {0};
	struct engine *engine = calloc(1, sizeof *engine);

	(void)state;
	ensure(engine);
	set_up_engine(engine, &conf);
	for (int i = 0; i < STAGES_N * STAGES_N; i++) {
		struct ask ask = {
			.listener.dropped = on_dropped,
			.listener.over = on_over,
			.engine = engine,
			.from = (enum stage)(i / STAGES_N),
			.to = (enum stage)(i % STAGES_N),
			.lock = PTHREAD_MUTEX_INITIALIZER,
			.changed = PTHREAD_COND_INITIALIZER,
		};

		if (moves[ask.from][ask.to] == 'x')
			continue;
		print_message("from %d to %d\n", (int)ask.from, (int)ask.to);
		engine_post(engine, ask_posted, &ask);
		pthread_mutex_lock(&ask.lock);
		while (!ask.done)
			pthread_cond_wait(&ask.changed, &ask.lock);
		pthread_mutex_unlock(&ask.lock);
		assert_int_equal(ask.after, ask.from);
		assert_int_equal(ask.at_last, is_live(ask.from) ? STAGE_GONE : ask.from);
		assert_int_equal(ask.dropped, is_live(ask.from));
		assert_int_equal(ask.found, ask.from == STAGE_END);
		assert_int_equal(engine->n_generations, 0);
	}
	http_client_free(engine->http);
	free(engine);
}

static void a_refused_move_ends_a_test(void **state)
{
	struct chat_conf conf = {.answer_bytes_max = 1 << 20};
	struct engine *engine = calloc(1, sizeof *engine);
	struct generation *generation;
	int status;
	pid_t pid;

	(void)state;
	ensure(engine);
	engine->conf = &conf;
	engine->options.strict = true;
	generation = generation_new(engine, ID);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0});
		stage_advance(generation, STAGE_END);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	generation_unref(generation);
	free(engine);
}

int moves_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_these_moves),
		cmocka_unit_test(other_moves_are_refused),
		cmocka_unit_test(a_refused_move_ends_a_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
