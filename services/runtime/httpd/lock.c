/* The lock of a connection: net has it, and a thread takes it once. */
#include "runtime/httpd/conn.h"

/* The connection whose lock this thread holds, so that a handler may answer at once. */
static _Thread_local struct conn *current;

bool conn_lock(struct conn *conn)
{
	if (current == conn)
		return false;
	net_lock(conn->net);
	conn->outer = current;
	current = conn;
	return true;
}

void conn_unlock(struct conn *conn, bool locked)
{
	if (!locked)
		return;
	current = conn->outer;
	net_unlock(conn->net);
}

struct conn *conn_enter(struct conn *conn)
{
	struct conn *outer = current;

	current = conn;
	return outer;
}

void conn_leave(struct conn *outer)
{
	current = outer;
}
