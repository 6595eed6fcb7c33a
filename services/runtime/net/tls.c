/* TLS of nng (mbed TLS, 1.2 only, no ALPN) from PEM files. The files are read at every dial, so
 * renewed certificates are taken up. */
#include "runtime/net/tls.h"

#include "runtime/base/buf.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PEM_BYTES_MAX (1024 * 1024)

static void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

static enum status read_pem(const char *path, const char *field, struct buf *pem,
			    struct error *reterr)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	char part[4096];
	size_t n;

	if (!file)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", field, "%s: %s", path,
				   strerror(errno));
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(pem, part, n);
	if (ferror(file) || pem->overflow || pem->len == 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", field,
				   "%s: not a PEM file of at most %d bytes", path, PEM_BYTES_MAX);
	return OK;
}

static enum status set_certificate(nng_tls_config *config, const char *certificate_file,
				   const char *key_file, struct error *reterr)
{
	_cleanup_(buf_done) struct buf certificate, key;
	enum status s;
	int rv;

	buf_init(&certificate, PEM_BYTES_MAX);
	buf_init(&key, PEM_BYTES_MAX);
	s = read_pem(certificate_file, "tls_certificate_file", &certificate, reterr);
	if (s != OK)
		return s;
	s = read_pem(key_file, "tls_key_file", &key, reterr);
	if (s != OK)
		return s;
	rv = nng_tls_config_own_cert(config, buf_text(&certificate), buf_text(&key), NULL);
	if (rv != 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid",
				   "tls_certificate_file", "%s with %s: %s", certificate_file,
				   key_file, nng_strerror(rv));
	return OK;
}

static enum status set_authority(nng_tls_config *config, const char *ca_file, struct error *reterr)
{
	_cleanup_(buf_done) struct buf ca;
	enum status s;
	int rv;

	buf_init(&ca, PEM_BYTES_MAX);
	s = read_pem(ca_file, "tls_ca_file", &ca, reterr);
	if (s != OK)
		return s;
	rv = nng_tls_config_ca_chain(config, buf_text(&ca), NULL);
	if (rv != 0)
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "tls_ca_file",
				   "%s: %s", ca_file, nng_strerror(rv));
	return OK;
}

static enum status configure(nng_tls_config *config, bool server, const char *certificate_file,
			     const char *key_file, const char *ca_file, const char *server_name,
			     struct error *reterr)
{
	enum status s;

	if (server && (!certificate_file || !key_file))
		return error_field(reterr, INVALID_ARGUMENT, "field_required",
				   "tls_certificate_file",
				   "tls+tcp needs tls_certificate_file and tls_key_file");
	if (!server && !ca_file)
		return error_field(reterr, INVALID_ARGUMENT, "field_required", "tls_ca_file",
				   "tls+tcp needs tls_ca_file to know the server by");
	if (certificate_file && key_file) {
		s = set_certificate(config, certificate_file, key_file, reterr);
		if (s != OK)
			return s;
	}
	if (ca_file) {
		s = set_authority(config, ca_file, reterr);
		if (s != OK)
			return s;
	}
	nng_tls_config_auth_mode(config,
				 ca_file ? NNG_TLS_AUTH_MODE_REQUIRED : NNG_TLS_AUTH_MODE_NONE);
	if (server_name)
		nng_tls_config_server_name(config, server_name);
	return OK;
}

enum status net_tls_config(bool server, const char *certificate_file, const char *key_file,
			   const char *ca_file, const char *server_name, nng_tls_config **ret,
			   struct error *reterr)
{
	nng_tls_config *config;
	enum status s;

	if (nng_tls_config_alloc(&config, server ? NNG_TLS_MODE_SERVER : NNG_TLS_MODE_CLIENT) != 0)
		return error_set(reterr, INTERNAL, "internal_error", "nng was built without TLS");
	s = configure(config, server, certificate_file, key_file, ca_file, server_name, reterr);
	if (s != OK) {
		nng_tls_config_free(config);
		return s;
	}
	*ret = config;
	return OK;
}
