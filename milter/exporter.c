/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "milter/exporter.h"
#include "milter/exporter_socket.h"
#include "milter/health.h"
#include "milter/listen.h"
#include "milter/metrics.h"

#define HEALTH_MAX_BYTES	1024
#define TYPE_METRICS	"text/plain; version=0.0.4; charset=utf-8"
#define TYPE_TEXT	"text/plain; charset=utf-8"

enum status
exporter_init(struct exporter *exporter, struct live *live)
{
	size_t i;

	*exporter = (struct exporter){ .live = live };
	for (i = 0; i < EXPORTER_MAX_CONNECTIONS; i++) {
		exporter->connections[i].fd = -1;
	}
	return (pthread_mutex_init(&exporter->lock, NULL) == 0 ? STATUS_OK :
	    STATUS_NOMEM);
}

/* Takes the text. */
static enum MHD_Result
send_text(struct MHD_Connection *connection, unsigned code, const char *type,
    struct buf *text)
{
	struct MHD_Response *response = NULL;
	enum MHD_Result result = MHD_NO;

	if (text->status == STATUS_OK) {
		response = MHD_create_response_from_buffer(text->n, text->p,
		    MHD_RESPMEM_MUST_FREE);
	}
	if (response == NULL) {
		buf_fini(text);
		return (MHD_NO);	/* closes the connection */
	}
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
	    type) == MHD_YES && MHD_add_response_header(response,
	    MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES && (code !=
	    MHD_HTTP_METHOD_NOT_ALLOWED || MHD_add_response_header(response,
	    MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES)) {
		result = MHD_queue_response(connection, code, response);
	}
	MHD_destroy_response(response);
	return (result);
}

static enum MHD_Result
send_line(struct MHD_Connection *connection, unsigned code, const char *line)
{
	struct buf text;

	buf_init(&text, HEALTH_MAX_BYTES);
	buf_printf(&text, "%s\n", line);
	return (send_text(connection, code, TYPE_TEXT, &text));
}

static enum MHD_Result
send_metrics(struct live *live, struct MHD_Connection *connection)
{
	struct buf text;

	buf_init(&text, METRICS_MAX_BYTES);
	metrics_write(live, &text);
	return (send_text(connection, MHD_HTTP_OK, TYPE_METRICS, &text));
}

static enum MHD_Result
send_health(struct live *live, struct MHD_Connection *connection)
{
	struct buf text;
	bool healthy;

	buf_init(&text, HEALTH_MAX_BYTES);
	healthy = health_check(live, &text);
	buf_add_cstr(&text, healthy ? "ok\n" : "\n");
	return (send_text(connection, healthy ? MHD_HTTP_OK :
	    MHD_HTTP_SERVICE_UNAVAILABLE, TYPE_TEXT, &text));
}

/* Called when the header of a request is complete. A body is never read. */
static enum MHD_Result
answer_request(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **request)
{
	struct exporter *exporter = arg;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		return (send_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
		    "only GET is possible"));
	}
	if (strcmp(url, "/metrics") == 0) {
		return (send_metrics(exporter->live, connection));
	}
	if (strcmp(url, "/healthz") == 0) {
		return (send_health(exporter->live, connection));
	}
	return (send_line(connection, MHD_HTTP_NOT_FOUND,
	    "there are /metrics and /healthz"));
}

/* NULL: there is no slot, which MHD's limit prevents. */
static struct exporter_connection *
find_slot(struct exporter *exporter)
{
	size_t i;

	for (i = 0; i < EXPORTER_MAX_CONNECTIONS; i++) {
		if (exporter->connections[i].fd == -1) {
			return (&exporter->connections[i]);
		}
	}
	return (NULL);
}

/* In the exporter's thread; it closes the descriptor after this. */
static void
note_connection(void *arg, struct MHD_Connection *connection,
    void **context, enum MHD_ConnectionNotificationCode code)
{
	struct exporter *exporter = arg;
	struct exporter_connection *slot;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	pthread_mutex_lock(&exporter->lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = slot = find_slot(exporter);
		if (slot != NULL && info != NULL) {
			slot->fd = info->connect_fd;
			slot->since_us = env_mono_us(exporter->live->env);
		}
	} else if ((slot = *context) != NULL) {
		slot->fd = -1;
	}
	pthread_mutex_unlock(&exporter->lock);
}

static bool
start_server(struct exporter *exporter, int fd)
{
	exporter->daemon = MHD_start_daemon(MHD_USE_AUTO |
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC, 0, NULL, NULL,
	    answer_request, exporter,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_NOTIFY_CONNECTION, note_connection, exporter,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)EXPORTER_MAX_CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)EXPORTER_IDLE_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)EXPORTER_REQUEST_MAX_BYTES,
	    MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)1024,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_END);
	return (exporter->daemon != NULL);
}

/* MHD closes the listening socket in most of the cases where it does not start.
   By now the number may be of a file of another thread. -1: it is closed. */
static int
still_open(int fd, const struct stat *opened)
{
	struct stat now;

	return (fstat(fd, &now) == 0 && now.st_dev == opened->st_dev &&
	    now.st_ino == opened->st_ino ? fd : -1);
}

static bool
start_exporter(struct exporter *exporter, struct diag *diag)
{
	const char *path = listen_path(exporter->where);
	int fd = exporter_socket_open(exporter->where, diag);
	struct stat opened;

	if (fd == -1) {
		return (false);
	}
	if (fstat(fd, &opened) == -1) {
		opened = (struct stat){ .st_nlink = 0 };
	}
	if (path != NULL && lstat(path, &exporter->made) == -1) {
		exporter->made.st_nlink = 0;
	}
	if (!start_server(exporter, fd)) {
		diag_set(diag, NULL, 0, "the server does not start");
		exporter_socket_close(exporter->where, still_open(fd, &opened),
		    &exporter->made);
		return (false);
	}
	return (true);
}

/* Logs the first of several failures, and the success after them. */
static void
try_start(struct exporter *exporter)
{
	struct diag diag;

	diag_init(&diag);
	if (!start_exporter(exporter, &diag)) {
		if (!exporter->complained) {
			env_log(exporter->live->env, LOG_LEVEL_ERROR,
			    "Metrics: %s; it is tried again every few seconds",
			    diag.text);
		}
		exporter->complained = true;
		return;
	}
	if (exporter->complained) {
		env_log(exporter->live->env, LOG_LEVEL_INFO,
		    "Metrics: %s is served now", exporter->where);
	}
	exporter->complained = false;
}

static void
stop_server(struct exporter *exporter)
{
	struct MHD_Daemon *daemon = exporter->daemon;

	exporter->daemon = NULL;
	if (daemon != NULL) {
		/* Also closes the listening socket. */
		MHD_stop_daemon(daemon);
		exporter_socket_close(exporter->where, -1, &exporter->made);
	}
}

void
exporter_stop(struct exporter *exporter)
{
	stop_server(exporter);
	free(exporter->where);
	exporter->where = NULL;
}

void
exporter_set(struct exporter *exporter, const char *where)
{
	if (where != NULL && exporter->where != NULL &&
	    strcmp(where, exporter->where) == 0) {
		return;
	}
	exporter_stop(exporter);
	exporter->complained = false;
	if (where == NULL) {
		return;
	}
	exporter->where = strdup(where);
	if (exporter->where == NULL) {
		env_log(exporter->live->env, LOG_LEVEL_ERROR,
		    "Metrics: out of memory");
		return;
	}
	try_start(exporter);
}

static void
end_slow_connections(struct exporter *exporter)
{
	uint64_t now_us = env_mono_us(exporter->live->env);
	size_t i;

	pthread_mutex_lock(&exporter->lock);
	for (i = 0; i < EXPORTER_MAX_CONNECTIONS; i++) {
		const struct exporter_connection *c =
		    &exporter->connections[i];

		if (c->fd != -1 && now_us - c->since_us > EXPORTER_TIME_US) {
			/* Its thread closes it then. */
			(void)shutdown(c->fd, SHUT_RDWR);
		}
	}
	pthread_mutex_unlock(&exporter->lock);
}

void
exporter_watch(struct exporter *exporter)
{
	if (exporter->where == NULL) {
		return;
	}
	if (exporter->daemon != NULL && !exporter_socket_is_there(
	    exporter->where, &exporter->made)) {
		stop_server(exporter);
	}
	if (exporter->daemon == NULL) {
		try_start(exporter);
	} else {
		end_slow_connections(exporter);
	}
}
