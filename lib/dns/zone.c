/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "dns/backend.h"
#include "dns/name.h"
#include "dns/zone.h"

/* The records of one owner. */
struct node {
	const struct zone_record	*v;
	size_t				 n;
};

size_t
zone_key(struct str name, char key_r[ZONE_KEY_MAX_BYTES])
{
	size_t n = 0, dot, label_n;

	if (name.n > DNS_NAME_MAX_BYTES) {
		return (0);
	}
	while (name.n > 0) {
		dot = str_rfind(name, '.');
		dot = dot == name.n ? 0 : dot + 1;
		label_n = name.n - dot;
		memcpy(key_r + n, name.p + dot, label_n);
		n += label_n;
		key_r[n++] = '\0';
		name.n = dot > 0 ? dot - 1 : 0;
	}
	return (n);
}

int
zone_record_cmp(const void *pa, const void *pb)
{
	const struct zone_record *a = pa, *b = pb;
	int c = str_cmp(a->key, b->key);

	if (c != 0) {
		return (c);
	}
	return (a->order < b->order ? -1 : a->order > b->order);
}

/* True when the name exists: it has records, or a name below it has. */
static bool
find_node(const struct zone *z, struct str key, struct node *node_r)
{
	size_t low = 0, high = z->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (str_cmp(z->v[middle].key, key) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*node_r = (struct node){ .v = NULL };
	if (low < z->n) {
		node_r->v = &z->v[low];
	}
	while (low < z->n && str_eq(z->v[low].key, key)) {
		node_r->n++;
		low++;
	}
	return (node_r->n > 0 ||
	    (low < z->n && str_starts(z->v[low].key, key)));
}

/* The key without its last label. */
static size_t
parent_bytes(const char *key, size_t n)
{
	n--;
	while (n > 0 && key[n - 1] != '\0') {
		n--;
	}
	return (n);
}

/* The name itself, or the wildcard at its closest encloser (RFC 4592 3.3.1). */
static bool
find_name(const struct zone *z, struct str name, struct node *node_r)
{
	char key[ZONE_KEY_MAX_BYTES + 2];
	size_t n = zone_key(name, key);

	if (find_node(z, str_mem(key, n), node_r)) {
		return (true);
	}
	while (n > 0) {
		n = parent_bytes(key, n);
		if (find_node(z, str_mem(key, n), node_r)) {
			break;
		}
	}
	memcpy(key + n, "*", 2);
	return (find_node(z, str_mem(key, n + 2), node_r));
}

static const struct zone_record *
find_record(const struct node *node, enum dns_result fault, uint16_t type)
{
	size_t i;

	for (i = 0; i < node->n; i++) {
		if (node->v[i].type == type && node->v[i].fault == fault) {
			return (&node->v[i]);
		}
	}
	return (NULL);
}

static const struct zone_record *
find_fault(const struct node *node, uint16_t type)
{
	const struct zone_record *r = find_record(node, DNS_TIMEOUT, type);

	return (r != NULL ? r : find_record(node, DNS_SERVFAIL, type));
}

static void
take_records(const struct node *node, enum dns_type type,
    struct dns_record *v_r, struct dns_answer *a)
{
	size_t i;

	for (i = 0; i < node->n && a->n < DNS_MAX_RECORDS; i++) {
		const struct zone_record *r = &node->v[i];

		if (r->type != type || r->fault != DNS_OK) {
			continue;
		}
		v_r[a->n++] = r->data;
		if (r->ttl_s < a->ttl_s) {
			a->ttl_s = r->ttl_s;
		}
	}
	a->result = DNS_OK;
	a->v = v_r;
}

static void
answer_without(struct dns_answer *a, enum dns_result result, uint32_t ttl_s)
{
	a->result = result;
	a->ttl_s = a->ttl_s < ttl_s ? a->ttl_s : ttl_s;
}

void
zone_find(const struct zone *z, struct str name, enum dns_type type,
    struct dns_record *v_r, struct dns_answer *a)
{
	const struct zone_record *r;
	struct node node;
	int i;

	*a = (struct dns_answer){ .ttl_s = UINT32_MAX };
	for (i = 0; i <= ZONE_MAX_CNAMES; i++) {
		if (!find_name(z, name, &node)) {
			answer_without(a, DNS_NXDOMAIN, ZONE_NEGATIVE_TTL_S);
			return;
		}
		if (find_record(&node, DNS_OK, (uint16_t)type) != NULL) {
			take_records(&node, type, v_r, a);
			return;
		}
		r = find_fault(&node, (uint16_t)type);
		if (r == NULL) {
			r = find_record(&node, DNS_OK, DNS_CNAME);
		}
		if (r == NULL) {
			r = find_fault(&node, ZONE_TYPE_ANY);
		}
		if (r == NULL) {
			answer_without(a, DNS_NODATA, ZONE_NEGATIVE_TTL_S);
			return;
		}
		answer_without(a, r->fault, r->ttl_s);
		if (r->fault != DNS_OK) {
			return;
		}
		name = r->data.data;
	}
	answer_without(a, DNS_SERVFAIL, ZONE_NEGATIVE_TTL_S);
}

static enum status
zone_submit(void *backend, struct str name, enum dns_type type, void *cookie)
{
	struct dns_record v[DNS_MAX_RECORDS];
	struct dns_answer answer;

	zone_find(backend, name, type, v, &answer);
	dns_backend_done(cookie, &answer);
	return (STATUS_OK);
}

static void
zone_free(void *backend)
{
	zone_fini(backend);
	free(backend);
}

static const struct dns_backend_ops zone_ops = {
	.submit = zone_submit, .free = zone_free, .is_local = true
};

static enum status
read_file(const char *path, struct buf *text, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum status status;

	if (fd == -1) {
		diag_set(diag, path, 0, "%s", strerror(errno));
		return (STATUS_IO);
	}
	status = file_read(fd, path, text, diag);
	(void)close(fd);
	return (status);
}

enum status
dns_new_zone(const struct dns_opts *opts, const char *path, struct dns **r,
    struct diag *diag)
{
	struct zone *z;
	struct buf text;
	enum status status;

	*r = NULL;
	buf_init(&text, ZONE_MAX_BYTES);
	z = malloc(sizeof(*z));
	status = z == NULL ? STATUS_NOMEM : read_file(path, &text, diag);
	if (status == STATUS_OK) {
		status = zone_parse(z, buf_str(&text), path, diag);
	}
	buf_fini(&text);
	if (status == STATUS_OK) {
		status = dns_new_backend(opts, &zone_ops, z, r);
	} else {
		free(z);
	}
	if (status != STATUS_OK) {
		/* Unless there is a more precise reason. */
		diag_set(diag, path, 0, "%s", status_text(status));
	}
	return (status);
}
