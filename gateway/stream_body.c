/* Streams of google.api.HttpBody: the service writes the bytes of the answer, and nothing is added but
 * heartbeats. */
#include "gateway/stream.h"

#include <string.h>

#define EVENT_STREAM "text/event-stream"

bool stream_body_is_events(const Google__Api__HttpBody *piece)
{
	return strncmp(piece->content_type, EVENT_STREAM, strlen(EVENT_STREAM)) == 0;
}

bool stream_body_collect(struct stream *stream, const Google__Api__HttpBody *piece)
{
	if (!stream->content_type)
		stream->content_type = arena_strdup(stream->http->arena, piece->content_type);
	return stream->pending.len + piece->data.len <=
		       (size_t)stream->gateway->conf->collected_bytes_max &&
	       buf_add(&stream->pending, piece->data.data, piece->data.len);
}

void stream_body_answer(struct stream *stream)
{
	static const struct error nothing = {INTERNAL, "internal_error", "",
					     "the service gave no answer"};
	struct request *request = stream->request;
	struct reply_headers headers;

	if (!stream->content_type) {
		reply_problem(request, &nothing);
		return;
	}
	reply_headers_init(&headers, request);
	reply_send(request, &(struct httpd_answer){
				    .status = stream->route->http_status,
				    .content_type = stream->content_type,
				    .headers = headers.list,
				    .n_headers = headers.n,
				    .body = stream->pending.data,
				    .body_len = stream->pending.len,
			    });
}
