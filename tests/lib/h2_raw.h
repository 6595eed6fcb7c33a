/* An HTTP/2 client that sends any frame, right or wrong. Blocking, one thread. */
#ifndef TESTS_LIB_H2_RAW_H
#define TESTS_LIB_H2_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum h2_type {
	H2_DATA = 0,
	H2_HEADERS = 1,
	H2_RST_STREAM = 3,
	H2_SETTINGS = 4,
	H2_PING = 6,
	H2_WINDOW_UPDATE = 8,
	H2_CONTINUATION = 9,
};
#define H2_END_STREAM 1
#define H2_ACK 1
#define H2_END_HEADERS 4

/* A connection to 127.0.0.1, on which nothing was sent yet. Its receive buffer is recv_bytes; 0: the
 * system's. Ends the test program when it cannot connect. */
int h2_connect(uint16_t port, int recv_bytes);
/* Preface and empty SETTINGS. */
void h2_hello(int fd);

/* These are false when the peer has closed the connection. */
bool h2_frame(int fd, enum h2_type type, uint8_t flags, uint32_t stream, const void *payload,
	      size_t len);
/* HEADERS of a gRPC request, and DATA with one StringValue. text NULL: HEADERS alone, and the
 * stream stays open. */
bool h2_request(int fd, uint32_t stream, const char *path, const char *text);

/* A literal header field into out; returns its length (name and value below 127 bytes). */
size_t h2_field(uint8_t *out, const char *name, const char *value);

/* The answer to a request on a new connection; -1: absent. */
struct h2_answer {
	int http_status, grpc_status;
	size_t data_bytes;
	bool reset;         /* RST_STREAM, other than NO_ERROR */
	char encodings[64]; /* grpc-accept-encoding */
};
/* Reads until the stream ends. False: the connection ended, or 10 s passed. */
bool h2_read_answer(int fd, uint32_t stream, struct h2_answer *ret);

/* Reads and drops the bytes that are there. False: the peer has closed the connection. */
bool h2_drain(int fd);
/* Waits for the end of the connection. False: it did not end in time. */
bool h2_ended(int fd, int timeout_ms);

#endif
