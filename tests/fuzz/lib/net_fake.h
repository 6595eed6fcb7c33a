/* net.h without a network: a connection is fed by hand, on one thread, and time stands still. What
 * is posted waits for net_fake_run; timers wait for net_fake_fire. */
#ifndef TESTS_FUZZ_LIB_NET_FAKE_H
#define TESTS_FUZZ_LIB_NET_FAKE_H

#include "runtime/net/net.h"

/* A client connects to what listens. One listener, one dial at a time. */
struct net_conn *net_fake_accept(void);
/* The dial that waits gets its connection; NULL: nobody dials. */
struct net_conn *net_fake_answer_dial(void);

/* Bytes come, in pieces of step. */
void net_fake_receive(struct net_conn *conn, const uint8_t *data, size_t len, size_t step);
/* The connection ends. Gives up the reference that accept or answer_dial gave. */
void net_fake_end(struct net_conn *conn);

void net_fake_run(void);
void net_fake_fire(void);
/* Connections that were not freed. */
int net_fake_alive(void);

#endif
