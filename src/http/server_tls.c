/* SPDX-License-Identifier: Apache-2.0 */
/* server_tls.c — makes GnuTLS's priorities from names of versions and cipher suites, checks certificates, and verifies
 * those of clients. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <strings.h>

#include "http/server_tls.h"
#include "server_internal.h"

/* ---- versions and cipher suites ---- */

static const char *const versions[] = { "1.0", "1.1", "1.2", "1.3" };
enum { DEFAULT_MIN = 2, DEFAULT_MAX = ARRAY_LEN(versions) - 1 };

/* The index of VERSION; OTHERWISE when it is "". */
static int find_version(const char *version, int otherwise, struct why *why)
{
	if (version[0] == '\0')
		return otherwise;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		if (strcmp(version, versions[i]) == 0)
			return (int)i;
	return why_set(why, E_USAGE, "\"%.60s\" is no version of TLS (1.0, 1.1, 1.2, 1.3)", version);
}

static int add_versions(const char *min, const char *max, struct buf *to, struct why *why)
{
	int first = find_version(min, DEFAULT_MIN, why), last = find_version(max, DEFAULT_MAX, why);

	if (first < 0 || last < 0)
		return why->code;
	if (first > last)
		return why_set(why, E_USAGE, "no version of TLS is left: the least is %s and the most %s",
		        versions[first], versions[last]);
	buf_text(to, "NORMAL:%SERVER_PRECEDENCE:-VERS-ALL");
	for (int i = first; i <= last; i++)
		buf_printf(to, ":+VERS-TLS%s", versions[i]);
	return 0;
}

enum { SUITE_NAME = 80 };

/* Copies the name of a suite without what IANA and GnuTLS write differently: "WITH_", "_SHA" for "_SHA1", and the hash
 * behind "POLY1305". */
static void normalize(const char *name, size_t len, char to[SUITE_NAME])
{
	char *with, *poly;
	size_t n = min_u64(len, SUITE_NAME - 2);

	memcpy(to, name, n);
	to[n] = '\0';
	with = strstr(to, "WITH_");
	if (with != NULL)
		memmove(with, with + 5, strlen(with + 5) + 1);
	n = strlen(to);
	if (n > 4 && strcmp(to + n - 4, "_SHA") == 0)
		strcat(to, "1");
	poly = strstr(to, "POLY1305_SHA256");
	if (poly != NULL)
		poly[8] = '\0';
}

static bool is_same_suite(const char *ours, const char *name, size_t len)
{
	char a[SUITE_NAME], b[SUITE_NAME];

	normalize(ours, strlen(ours), a);
	normalize(name, len, b);
	return strcasecmp(a, b) == 0;
}

/* True when the comma-separated SUITES have the suite OURS of GnuTLS. */
static bool has_suite(const char *suites, const char *ours)
{
	while (*suites != '\0') {
		size_t len = strcspn(suites, ", ");

		if (len > 0 && is_same_suite(ours, suites, len))
			return true;
		suites += len + (suites[len] != '\0');
	}
	return false;
}

/* Allows the parts of the suite NAME. Suites before TLS 1.3 have a key exchange. */
static int add_suite(const char *name, size_t len, struct buf *to, struct why *why)
{
	gnutls_kx_algorithm_t kx;
	gnutls_cipher_algorithm_t cipher;
	gnutls_mac_algorithm_t mac;
	const char *ours;

	for (size_t i = 0; (ours = gnutls_cipher_suite_info(i, NULL, &kx, &cipher, &mac, NULL)) != NULL; i++) {
		if (!is_same_suite(ours, name, len))
			continue;
		if (kx != GNUTLS_KX_UNKNOWN)
			buf_printf(to, ":+%s", gnutls_kx_get_name(kx));
		buf_printf(to, ":+%s:+%s", gnutls_cipher_get_name(cipher),
		        kx == GNUTLS_KX_UNKNOWN ? "AEAD" : gnutls_mac_get_name(mac));
		return 0;
	}
	return why_set(
	        why, E_USAGE, "\"%.*s\" is no cipher suite that GnuTLS has", (int)min_u64(len, SUITE_NAME), name);
}

static int add_suites(const char *suites, struct buf *to, struct why *why)
{
	buf_text(to, ":-KX-ALL:-CIPHER-ALL:-MAC-ALL");
	while (*suites != '\0') {
		size_t len = strcspn(suites, ", ");

		if (len > 0 && add_suite(suites, len, to, why) < 0)
			return why->code;
		suites += len + (suites[len] != '\0');
	}
	return 0;
}

/* The first suite before TLS 1.3 that P allows and SUITES do not have; NULL: there is none. */
static const char *find_foreign_suite(gnutls_priority_t p, const char *suites, unsigned *allowed)
{
	gnutls_kx_algorithm_t kx;
	unsigned at;

	*allowed = 0;
	for (unsigned i = 0;; i++) {
		int rc = gnutls_priority_get_cipher_suite_index(p, i, &at);
		const char *name;

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return NULL;
		if (rc < 0)
			continue;
		name = gnutls_cipher_suite_info(at, NULL, &kx, NULL, NULL, NULL);
		(*allowed)++;
		if (name != NULL && kx != GNUTLS_KX_UNKNOWN && !has_suite(suites, name))
			return name;
	}
}

static int check_priorities(const char *priorities, const char *suites, struct why *why)
{
	gnutls_priority_t p;
	const char *foreign;
	unsigned allowed = 0;
	int rc = gnutls_priority_init(&p, priorities, NULL);

	if (rc < 0)
		return why_set(
		        why, E_USAGE, "no cipher suite is left in these versions of TLS: %s", gnutls_strerror(rc));
	foreign = suites[0] == '\0' ? NULL : find_foreign_suite(p, suites, &allowed);
	gnutls_priority_deinit(p);
	if (foreign != NULL)
		return why_set(why, E_USAGE, "these would allow %s too: name it as well, or leave some out", foreign);
	if (suites[0] != '\0' && allowed == 0)
		return why_set(why, E_USAGE, "no cipher suite is left in these versions of TLS");
	return 0;
}

int server_tls_priorities(const char *suites, const char *min, const char *max, struct buf *to, struct why *why)
{
	if (add_versions(min, max, to, why) < 0 || (suites[0] != '\0' && add_suites(suites, to, why) < 0))
		return why->code;
	if (buf_check(to) < 0)
		return why_set(why, E_NOMEM, "%s", err_text(E_NOMEM));
	return check_priorities(buf_cstr(to), suites, why);
}

/* ---- certificates ---- */

static gnutls_datum_t datum(const char *text)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)text, (unsigned)strlen(text) };
}

int server_tls_check(const struct http_tls *tls, struct why *why)
{
	gnutls_certificate_credentials_t c;
	gnutls_datum_t cert = datum(tls->cert), key = datum(tls->key);
	int rc = gnutls_certificate_allocate_credentials(&c);

	if (rc < 0)
		return why_set(why, E_NOMEM, "%s", gnutls_strerror(rc));
	rc = gnutls_certificate_set_x509_key_mem(c, &cert, &key, GNUTLS_X509_FMT_PEM);
	if (rc < 0) {
		why_set(why, E_USAGE, "certificate and key cannot be used together: %s", gnutls_strerror(rc));
	} else if (tls->client_ca != NULL) {
		gnutls_datum_t ca = datum(tls->client_ca);

		rc = gnutls_certificate_set_x509_trust_mem(c, &ca, GNUTLS_X509_FMT_PEM);
		if (rc <= 0)
			rc = why_set(why, E_USAGE, "the clients' authorities cannot be used: %s",
			        rc == 0 ? "no certificate" : gnutls_strerror(rc));
	}
	gnutls_certificate_free_credentials(c);
	return rc < 0 ? why->code : 0;
}

bool server_tls_knows_client(struct connection *conn, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info;
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned faults = 0;

	if (!conn->s->wants_certificate || conn->is_known)
		return true;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	conn->is_known = info != NULL &&
	                 gnutls_certificate_verify_peers(info->tls_session, &purpose, 1, &faults) == 0 && faults == 0;
	return conn->is_known;
}

void server_tls_options(const struct http_tls *tls, struct MHD_OptionItem to[SERVER_TLS_OPTIONS])
{
	size_t n = 0;

	if (tls != NULL) {
		to[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)tls->cert };
		to[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)tls->key };
		to[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls->priorities };
		if (tls->client_ca != NULL)
			to[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0,
				(void *)(uintptr_t)tls->client_ca };
	}
	to[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
}
