/* Asks whether a process is ready, by one HTTP request to its admin port. */
#ifndef TOOLS_LIMITLESS_PROBE_H
#define TOOLS_LIMITLESS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* url: "tcp://127.0.0.1:9000" or "ipc:///path". True when path answers 200 within wait_ms. */
bool probe_ok(const char *url, const char *path, int wait_ms);

/* True when something listens on this port of 127.0.0.1, so that it cannot be bound. */
bool probe_port_taken(int port);

#endif
