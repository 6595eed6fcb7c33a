/* The crew's order: own jobs first, users in turns. */
#include "chat/answer/internal.h"
#include "runtime/base/ensure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

#define JOBS_MAX 256

int crew_tests(void);

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open; /* all jobs wait: the first may end */
	char order[JOBS_MAX + 1];
	size_t n, done;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct letter {
	struct job job;
	char letter;
};

static void run(struct crew_member *member, struct job *job)
{
	(void)member;
	pthread_mutex_lock(&seen.lock);
	while (!seen.open)
		pthread_cond_wait(&seen.changed, &seen.lock);
	seen.order[seen.n++] = ((struct letter *)job)->letter;
	pthread_mutex_unlock(&seen.lock);
}

static void done(struct job *job)
{
	free(job);
	pthread_mutex_lock(&seen.lock);
	seen.done++;
	pthread_cond_signal(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
}

struct gift {
	struct engine *engine;
	const char *letters; /* a job each; '.' is the engine's own */
};

static void give(void *ctx)
{
	static const char *const users[] = {"0190a000-0000-7000-8000-000000000001",
					    "0190a000-0000-7000-8000-000000000002",
					    "0190a000-0000-7000-8000-000000000003"};
	const struct gift *gift = ctx;

	for (const char *p = gift->letters; *p; p++) {
		struct letter *letter = calloc(1, sizeof *letter);

		ensure(letter);
		letter->job.run = run;
		letter->job.done = done;
		letter->job.user_id = *p == '.' ? NULL : users[*p - 'a'];
		letter->letter = *p;
		engine_submit(gift->engine, &letter->job);
	}
	pthread_mutex_lock(&seen.lock);
	seen.open = true;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
}

static void users_take_turns(void **state)
{
	struct gift gift = {.letters = ".aaaaaaaaaaaabbb.cc."};
	struct engine *engine = calloc(1, sizeof *engine);

	(void)state;
	ensure(engine);
	gift.engine = engine;
	engine->options.app.dsn = engine->options.worker.dsn = ""; /* never connected */
	engine->http = http_client_new(&(struct http_client_options){
		.connections_max = 1, .connections_per_host_max = 1, .user_agent = "test"});
	engine->crew = crew_start(engine, 1);
	engine_post(engine, give, &gift);
	pthread_mutex_lock(&seen.lock);
	while (seen.done < strlen(gift.letters))
		pthread_cond_wait(&seen.changed, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
	crew_stop(engine->crew);
	http_client_free(engine->http);
	assert_string_equal(seen.order, "...abcabcabaaaaaaaaa");
	free(engine);
}

int crew_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
