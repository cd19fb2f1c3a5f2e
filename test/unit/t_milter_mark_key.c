/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of the secret: created once, kept, and refused if it is unsafe. */
#include "config.h"

#include "conf/conf.h"
#undef CONF_MARK_KEY_DEFAULT
#define CONF_MARK_KEY_DEFAULT	"usual/mark.key"	/* below the folder */
#include "milter/mark_key.c"

#include "test/unit/tap.h"

static char	 logged[DIAG_MAX_BYTES];

static void
take_line(void *ctx ATTR_UNUSED, enum log_level level, const char *line)
{
	snprintf(logged, sizeof(logged), "%s%s",
	    level == LOG_LEVEL_WARNING ? "warning: " : "", line);
}

static enum status
load(struct conf *conf, bool may_create, struct buf *secret, struct diag *diag)
{
	struct env env;

	env_init_system(&env);
	env.log = take_line;
	logged[0] = '\0';
	buf_reset(secret);
	diag_init(diag);
	return (mark_key_load(conf, &env, may_create, secret, diag));
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, text, strlen(text)) !=
	    (ssize_t)strlen(text) || fchmod(fd, mode) == -1) {
		printf("Bail out! %s\n", path);
		exit(1);
	}
	close(fd);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return (lstat(path, &st) == 0 ? st.st_mode & 07777 : 0);
}

#define LONG	"0123456789abcdef0123456789abcdef"

/* A file that is configured. */
static void
test_configured(void)
{
	static char path[] = "key";
	struct conf conf = { .mark_key_file = path };
	struct buf first, again;
	struct diag diag;

	buf_init(&first, MARK_KEY_MAX_BYTES);
	buf_init(&again, MARK_KEY_MAX_BYTES);
	tap_ok(load(&conf, false, &first, &diag) == STATUS_OK &&
	    mode_of(path) == 0, "a check creates nothing");
	tap_ok(load(&conf, true, &first, &diag) == STATUS_OK &&
	    mode_of(path) == 0600 && first.n >= MARK_KEY_MIN_BYTES,
	    "the first start creates it");
	tap_ok(load(&conf, true, &again, &diag) == STATUS_OK, "the next");
	tap_str(buf_str(&again), buf_str(&first), "reads it");
	write_file(path, LONG, 0600);
	tap_ok(load(&conf, false, &again, &diag) == STATUS_OK, "own text");
	tap_str(buf_str(&again), STR(LONG), "is taken as it is");
	tap_str(str_from(logged), STR(""), "nothing is logged");
	(void)unlink(path);
	buf_fini(&first);
	buf_fini(&again);
}

static void
test_refused(void)
{
	static const struct {
		const char	*name;
		const char	*path;
		const char	*text;	/* NULL: none is written */
		mode_t		 mode;
		const char	*why;
	} rows[] = {
		{ "too short", "key", "0123456789abcdef", 0600,
		    "key: MarkKeyFile: 16 characters are too few for a secret; "
		    "remove it, and the next start creates one" },
		{ "readable by others", "key", LONG, 0644,
		    "key: mode 0644 gives others access to a private "
		    "key; chmod 600 it" },
		{ "a directory", ".", NULL, 0,
		    ".: MarkKeyFile: not a regular file" },
		{ "a link to itself", "loop", NULL, 0,
		    "loop: MarkKeyFile: cannot be opened: Too many levels of "
		    "symbolic links" },
		{ "no folder", "none/key", NULL, 0,
		    "none/key: MarkKeyFile: cannot be created: No such file or "
		    "directory" },
	};
	struct buf secret;
	struct diag diag;
	size_t i;

	tap_num(symlink("loop", "loop"), 0, "a link to itself");
	buf_init(&secret, MARK_KEY_MAX_BYTES);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conf conf = { .mark_key_file =
		    (char *)(uintptr_t)rows[i].path };

		if (rows[i].text != NULL) {
			write_file(rows[i].path, rows[i].text, rows[i].mode);
		}
		tap_ok(load(&conf, true, &secret, &diag) != STATUS_OK,
		    "%s: refused", rows[i].name);
		tap_str(str_from(diag.text), str_from(rows[i].why),
		    rows[i].name);
	}
	(void)unlink("key");
	(void)unlink("loop");
	buf_fini(&secret);
}

/* The default file may be missing. */
static void
test_usual(void)
{
	struct conf conf = { .mode_sign = true };
	struct buf first, again;
	struct diag diag;

	buf_init(&first, MARK_KEY_MAX_BYTES);
	buf_init(&again, MARK_KEY_MAX_BYTES);
	tap_ok(load(&conf, true, &first, &diag) == STATUS_OK && first.n >= 32,
	    "no folder of the state: a secret all the same");
	tap_str(str_from(logged), STR("warning: usual/mark.key: MarkKeyFile: "
	    "cannot be created: No such file or directory; mail from outside "
	    "that comes back after a restart is not recognised: set "
	    "MarkKeyFile"), "and a warning");
	tap_ok(load(&conf, true, &again, &diag) == STATUS_OK &&
	    !str_eq(buf_str(&first), buf_str(&again)), "another each time");
	conf.keys_n = 1;
	(void)load(&conf, true, &again, &diag);
	tap_str(str_from(logged), STR("usual/mark.key: MarkKeyFile: "
	    "cannot be created: No such file or directory; mail from outside "
	    "that comes back after a restart is recognised by the KeyFiles "
	    "only"), "no warning with a KeyFile");
	(void)mkdir("usual", 0700);
	tap_ok(load(&conf, true, &first, &diag) == STATUS_OK &&
	    load(&conf, true, &again, &diag) == STATUS_OK &&
	    str_eq(buf_str(&first), buf_str(&again)) && logged[0] == '\0',
	    "with the folder it is kept");
	(void)unlink("usual/mark.key");
	(void)rmdir("usual");
	buf_fini(&first);
	buf_fini(&again);
}

/* Two that start at once end with the same. */
static void
test_race(void)
{
	static char path[] = "key";
	struct conf conf = { .mark_key_file = path };
	struct buf mine, secret;
	struct diag diag;
	bool first = true;

	buf_init(&mine, MARK_KEY_MAX_BYTES);
	buf_init(&secret, MARK_KEY_MAX_BYTES);
	diag_init(&diag);
	write_file(path, LONG, 0600);
	make_secret(&mine);
	tap_ok(create_file(path, &mine, &first, &diag) == STATUS_OK && !first,
	    "a file that appears meanwhile is not replaced");
	tap_ok(create_secret(path, true, &secret, &diag) == STATUS_OK &&
	    str_eq(buf_str(&secret), STR(LONG)), "it is read instead");
	tap_ok(load(&conf, true, &secret, &diag) == STATUS_OK, "as later");
	(void)unlink(path);
	buf_fini(&mine);
	buf_fini(&secret);
}

int
main(void)
{
	char folder[] = "/tmp/t_mark_key.XXXXXX";

	if (mkdtemp(folder) == NULL || chdir(folder) == -1) {
		puts("Bail out! no folder");
		return (1);
	}
	test_configured();
	test_refused();
	test_usual();
	test_race();
	tap_num(rmdir(folder), 0, "nothing else is left");
	return (tap_done());
}
