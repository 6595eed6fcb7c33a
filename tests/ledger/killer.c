/* A library for LD_PRELOAD that kills its process at the N-th write, send or fsync, wherever in it that
 * is: KILL_FILE names a file of struct killer (killer.h) that the test maps too. It counts the
 * calls of the C library, in all threads and processes that have the file. */
#include "tests/ledger/killer.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static struct killer *shared;
static pid_t spared; /* its child: the server that starts the others again */

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("KILL_FILE"), *parent = getenv("KILL_SPARES_CHILD_OF");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = MAP_FAILED;

	if (parent)
		spared = (pid_t)strtol(parent, NULL, 10);
	if (fd >= 0) {
		map = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (map != MAP_FAILED)
		shared = map;
}

/* Counts a call. True: it is the last. It never counts below 0, however many threads call at once:
 * 0 tells the test that the process dies. */
static bool count(void)
{
	int left = shared->left;

	while (left > 0 && !atomic_compare_exchange_weak(&shared->left, &left, left - 1))
		;
	return left == 1;
}

/* Before a call. True: it is the last, and the process ends after it. */
static bool is_last(void)
{
	bool last = shared && shared->left > 0 && getppid() != spared && count();

	if (last && !shared->after)
		kill(getpid(), SIGKILL);
	return last;
}

/* After it, with what it returned. */
static ssize_t done(bool last, ssize_t n)
{
	if (last)
		kill(getpid(), SIGKILL);
	return n;
}

/* The C library's own function, looked up once. */
static void *real(void **next, const char *name)
{
	if (!*next)
		*next = dlsym(RTLD_NEXT, name);
	return *next;
}
#define REAL(name) ((typeof(&name))real(&next_##name, #name))

static void *next_write, *next_writev, *next_send, *next_sendto, *next_sendmsg, *next_pwrite,
	*next_pwrite64, *next_pwritev, *next_pwritev64, *next_fsync, *next_fdatasync,
	*next_sync_file_range;

ssize_t write(int fd, const void *data, size_t n)
{
	bool last = is_last();

	return done(last, REAL(write)(fd, data, n));
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	bool last = is_last();

	return done(last, REAL(writev)(fd, iov, n));
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
	bool last = is_last();

	return done(last, REAL(send)(fd, data, n, flags));
}

ssize_t sendto(int fd, const void *data, size_t n, int flags, const struct sockaddr *to,
	       socklen_t len)
{
	bool last = is_last();

	return done(last, REAL(sendto)(fd, data, n, flags, to, len));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	bool last = is_last();

	return done(last, REAL(sendmsg)(fd, message, flags));
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	bool last = is_last();

	return done(last, REAL(pwrite)(fd, data, n, at));
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	bool last = is_last();

	return done(last, REAL(pwrite64)(fd, data, n, at));
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
	bool last = is_last();

	return done(last, REAL(pwritev)(fd, iov, n, at));
}

ssize_t pwritev64(int fd, const struct iovec *iov, int n, off64_t at)
{
	bool last = is_last();

	return done(last, REAL(pwritev64)(fd, iov, n, at));
}

int fsync(int fd)
{
	bool last = is_last();

	return (int)done(last, REAL(fsync)(fd));
}

int fdatasync(int fd)
{
	bool last = is_last();

	return (int)done(last, REAL(fdatasync)(fd));
}

int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
	bool last = is_last();

	return (int)done(last, REAL(sync_file_range)(fd, at, n, flags));
}
