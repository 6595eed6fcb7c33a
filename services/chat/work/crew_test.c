/* The crew's order: work of nobody comes first, users take turns. */
#include "chat/work/crew.h"
#include "runtime/base/ensure.h"
#include "runtime/http/http.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

#define WORK_MAX 256

int crew_tests(void);

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open; /* all work waits: the first piece may end */
	char order[WORK_MAX + 1];
	size_t n, done;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct letter {
	struct work work;
	char letter;
};

static void run(struct crew_member *member, struct work *work)
{
	(void)member;
	pthread_mutex_lock(&seen.lock);
	while (!seen.open)
		pthread_cond_wait(&seen.changed, &seen.lock);
	seen.order[seen.n++] = ((struct letter *)work)->letter;
	pthread_mutex_unlock(&seen.lock);
}

static void done(struct work *work)
{
	free(work);
	pthread_mutex_lock(&seen.lock);
	seen.done++;
	pthread_cond_signal(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
}

struct gift {
	struct crew *crew;
	const char *letters; /* a piece of work each; '.' is nobody's */
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
		letter->work.run = run;
		letter->work.done = done;
		letter->work.user_id = *p == '.' ? NULL : users[*p - 'a'];
		letter->letter = *p;
		crew_give(gift->crew, &letter->work);
	}
	pthread_mutex_lock(&seen.lock);
	seen.open = true;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
}

static void post(void *ctx, void (*fn)(void *arg), void *arg)
{
	http_post(ctx, fn, arg);
}

static void users_take_turns(void **state)
{
	struct gift gift = {.letters = ".aaaaaaaaaaaabbb.cc."};
	struct http_client *http = http_client_new(&(struct http_client_options){
		.connections_max = 1, .connections_per_host_max = 1, .user_agent = "test"});

	(void)state;
	gift.crew = crew_start(&(struct crew_options){
		.threads = 1,
		.app.dsn = "", /* never connected */
		.worker.dsn = "",
		.post = post,
		.ctx = http,
	});
	http_post(http, give, &gift);
	pthread_mutex_lock(&seen.lock);
	while (seen.done < strlen(gift.letters))
		pthread_cond_wait(&seen.changed, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
	crew_stop(gift.crew);
	http_client_free(http);
	assert_string_equal(seen.order, "...abcabcabaaaaaaaaa");
}

int crew_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
