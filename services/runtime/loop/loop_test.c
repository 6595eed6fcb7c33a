#include "runtime/loop/loop.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

#define THREADS 4
#define POSTS 10000

/* The loop, and the traces of the tests' functions on it. */
static struct loop *loop;
static char said[64]; /* of the loop's thread until a test has waited */
static sem_t done;

static void say(void *ctx)
{
	assert_true(loop_is_here(loop));
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s", (const char *)ctx);
}

static void finish(void *ctx)
{
	say(ctx);
	sem_post(&done);
}

static int set_up(void **state)
{
	said[0] = '\0';
	sem_init(&done, 0, 0);
	loop = loop_new(&(struct loop_options){0});
	return 0;
}

static int tear_down(void **state)
{
	loop_free(TAKE_PTR(loop));
	sem_destroy(&done);
	return 0;
}

static void posts_run_in_their_order_and_not_here(void **state)
{
	assert_false(loop_is_here(loop));
	loop_post(loop, say, (void *)"a");
	loop_post(loop, say, (void *)"b");
	loop_post(loop, finish, (void *)"c");
	sem_wait(&done);
	assert_string_equal(said, "abc");
}

static void post_more(void *ctx)
{
	say(ctx);
	loop_post(loop, finish, (void *)"last");
}

static void a_post_of_the_loop_itself_needs_no_wake(void **state)
{
	loop_post(loop, post_more, (void *)"first ");
	sem_wait(&done);
	assert_string_equal(said, "first last");
}

static bool kept; /* of the loop's thread */

static void keep(void *ctx)
{
	kept = true;
}

static void let_go(void)
{
	if (!kept)
		return;
	kept = false;
	sem_post(&done);
}

static void keep_at_the_end(void *ctx)
{
	loop_timer(loop, 3600000, keep, NULL);
}

/* A turn may keep something back, but not over a wait, nor over the end. */
static void it_looks_before_each_wait_and_at_the_end(void **state)
{
	struct timespec late;

	clock_gettime(CLOCK_REALTIME, &late);
	late.tv_sec += 30;
	loop_free(loop);
	loop = loop_new(&(struct loop_options){.before_wait = let_go});
	loop_post(loop, keep, NULL);
	assert_int_equal(sem_timedwait(&done, &late), 0);
	loop_post(loop, keep_at_the_end, NULL);
	loop_free(loop);
	loop = NULL;
	assert_false(kept);
}

static int counts[THREADS];

struct entry {
	int thread, number;
};

static void count(void *ctx)
{
	_cleanup_(freep) struct entry *entry = ctx;

	assert_int_equal(counts[entry->thread]++, entry->number);
}

static void *post_many(void *ctx)
{
	for (int i = 0; i < POSTS; i++) {
		struct entry *entry = malloc(sizeof *entry);

		*entry = (struct entry){(int)(intptr_t)ctx, i};
		loop_post(loop, count, entry);
	}
	return NULL;
}

static void each_thread_keeps_its_order(void **state)
{
	pthread_t threads[THREADS];

	memset(counts, 0, sizeof counts);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, (void *)(intptr_t)i),
				 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	loop_post(loop, finish, (void *)"");
	sem_wait(&done);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(counts[i], POSTS);
}

static void start_timers(void *ctx)
{
	loop_timer(loop, 30, finish, (void *)"d");
	loop_timer(loop, 10, say, (void *)"b");
	loop_timer(loop, 10, say, (void *)"c");
	loop_timer(loop, 0, say, (void *)"a");
}

static void timers_run_when_they_are_due(void **state)
{
	int64_t start_us = clock_mono_us();

	loop_post(loop, start_timers, NULL);
	sem_wait(&done);
	assert_true(clock_mono_us() - start_us >= 30 * US_PER_MS);
	assert_string_equal(said, "abcd");
}

static void start_again(void *ctx)
{
	say(ctx);
	loop_timer(loop, 1, start_again, ctx);
}

static void start_late_timers(void *ctx)
{
	loop_timer(loop, 3600000, say, (void *)"late ");
	loop_timer(loop, 3600000, start_again, (void *)"again");
}

static void the_end_runs_posts_then_timers_once(void **state)
{
	loop_post(loop, start_late_timers, NULL);
	loop_post(loop, say, (void *)"post ");
	loop_free(loop);
	loop = NULL;
	assert_string_equal(said, "post late again");
}

/* ---------------------------------------------------------------- with work of its own */

static struct {
	sem_t woken;
	int turns, left;
} own;

static void turn(void *ctx)
{
	own.turns++;
}

static void wait(int64_t due_us, void *ctx)
{
	assert_true(due_us == 0 || due_us > clock_mono_us() - 60 * US_PER_S);
	sem_wait(&own.woken);
}

static void wake(void *ctx)
{
	sem_post(&own.woken);
}

static bool end_one(void *ctx)
{
	if (own.left == 0)
		return false;
	own.left--;
	loop_post(loop, say, (void *)"x");
	return true;
}

static void its_own_work_has_turns_and_ends_piece_by_piece(void **state)
{
	loop_free(loop);
	sem_init(&own.woken, 0, 0);
	own.left = 3;
	loop = loop_new(
		&(struct loop_options){.turn = turn, .wait = wait, .wake = wake, .end = end_one});
	loop_post(loop, finish, (void *)"posted ");
	sem_wait(&done);
	loop_free(loop);
	loop = NULL;
	assert_true(own.turns >= 1);
	assert_string_equal(said, "posted xxx");
	sem_destroy(&own.woken);
}

/* ---------------------------------------------------------------- the end during a turn */

static struct {
	sem_t woken, ending;
	bool end, slept;
} late;

/* Takes all wake-ups, as the HTTP client's does. */
static void late_turn(void *ctx)
{
	while (sem_trywait(&late.woken) == 0)
		;
}

static void late_wait(int64_t due_us, void *ctx)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	late.slept |= sem_timedwait(&late.woken, &until) != 0 && late.end;
}

static void late_wake(void *ctx)
{
	sem_post(&late.woken);
	if (late.end)
		sem_post(&late.ending);
}

/* The end comes while this runs. The turn that follows takes its wake-up. */
static void run_until_the_end(void *ctx)
{
	sem_post(&done);
	sem_wait(&late.ending);
}

static void an_end_during_a_turn_is_not_slept_through(void **state)
{
	loop_free(loop);
	sem_init(&late.woken, 0, 0);
	sem_init(&late.ending, 0, 0);
	loop = loop_new(
		&(struct loop_options){.turn = late_turn, .wait = late_wait, .wake = late_wake});
	loop_post(loop, run_until_the_end, NULL);
	sem_wait(&done);
	late.end = true; /* the next wake-up is that of loop_free */
	loop_free(loop);
	loop = NULL;
	assert_false(late.slept);
	sem_destroy(&late.woken);
	sem_destroy(&late.ending);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(posts_run_in_their_order_and_not_here),
		TEST(a_post_of_the_loop_itself_needs_no_wake),
		TEST(each_thread_keeps_its_order),
		TEST(it_looks_before_each_wait_and_at_the_end),
		TEST(timers_run_when_they_are_due),
		TEST(the_end_runs_posts_then_timers_once),
		TEST(its_own_work_has_turns_and_ends_piece_by_piece),
		TEST(an_end_during_a_turn_is_not_slept_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
