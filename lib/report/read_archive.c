/* SPDX-License-Identifier: BSD-2-Clause */
/* read_archive: zip, tar, 7z and the rest, by libarchive, from memory. */
#include "config.h"

#include <stdio.h>

#include <archive.h>
#include <archive_entry.h>

#include "report/read_private.h"

#define WHAT_BYTES	256	/* of the name of a member, in messages */
#define BLOCK_BYTES	65536
#define ZIP_END_BYTES	(65535 + 22)	/* the end of a zip begins in it */

static void *
archive_open(struct read_unit *unit, enum read_origin origin,
    const char *what)
{
	return (read_whole_new(unit, origin, what, READ_WHOLE_MAX_BYTES));
}

/* Only if libarchive has it built in: for others it starts programs. */
static void
add_filter(struct archive *a, int (*support)(struct archive *))
{
	struct archive *probe = archive_read_new();

	if (probe != NULL && support(probe) == ARCHIVE_OK) {
		(void)support(a);
	}
	(void)archive_read_free(probe);
}

static void
add_filters(struct archive *a)
{
	add_filter(a, archive_read_support_filter_gzip);
	add_filter(a, archive_read_support_filter_bzip2);
	add_filter(a, archive_read_support_filter_compress);
	add_filter(a, archive_read_support_filter_lzma);
	add_filter(a, archive_read_support_filter_xz);
	add_filter(a, archive_read_support_filter_lzip);
	add_filter(a, archive_read_support_filter_lz4);
	add_filter(a, archive_read_support_filter_zstd);
	add_filter(a, archive_read_support_filter_uu);
}

/* No mtree, which names files; no ISO images and the like. */
static struct archive *
new_reader(void)
{
	struct archive *a = archive_read_new();

	if (a != NULL) {
		add_filters(a);
		archive_read_support_format_zip(a);
		archive_read_support_format_tar(a);
		archive_read_support_format_7zip(a);
		archive_read_support_format_cpio(a);
		archive_read_support_format_rar(a);
		archive_read_support_format_rar5(a);
		archive_read_support_format_raw(a);
	}
	return (a);
}

/* What Mac OS adds to archives is no report and no surprise. */
static bool
is_litter(const char *name)
{
	const char *base = strrchr(name, '/');

	base = base != NULL ? base + 1 : name;
	return (strncmp(name, "__MACOSX/", 9) == 0 ||
	    strncmp(base, "._", 2) == 0 || strcmp(base, ".DS_Store") == 0);
}

/* Feeds a member's data. False: it is not all there. */
static bool
feed_data(struct archive *a, struct read_feed *feed)
{
	char block[BLOCK_BYTES];
	la_ssize_t n;

	while ((n = archive_read_data(a, block, sizeof(block))) > 0) {
		if (!read_feed_bytes(feed, block, (size_t)n)) {
			return (true);
		}
	}
	return (n == 0);
}

static enum read_result
read_member(struct read_unit *u, struct archive *a, const char *what)
{
	struct read_feed *feed = read_feed_new(u, READ_PACKED, what);
	enum read_result result;
	bool whole;

	if (feed == NULL) {
		return (u->worst);
	}
	whole = feed_data(a, feed);
	result = read_feed_end(feed, whole);
	if (!whole && !read_unit_over(u)) {
		read_unit_warn(u, "%s: %s", what, archive_error_string(a) !=
		    NULL ? archive_error_string(a) : "cut off");
		result = result == READ_OK ? READ_OK : read_unit_fail(u,
		    READ_DAMAGED, "damaged archive");
	}
	return (result);
}

/* Of regular files that are readable. */
static enum read_result
take_entry(struct read_unit *u, struct archive *a,
    struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);
	char what[WHAT_BYTES];
	bool raw = archive_format(a) == ARCHIVE_FORMAT_RAW;

	name = name != NULL ? name : "?";
	if (archive_entry_filetype(entry) == AE_IFDIR ||
	    (!raw && is_litter(name))) {
		return (READ_OK);
	}
	(void)snprintf(what, sizeof(what), "member %s", raw ? "" : name);
	if (archive_entry_is_data_encrypted(entry)) {
		read_unit_warn(u, "%s: encrypted", what);
		return (read_unit_fail(u, READ_DAMAGED,
		    "encrypted archive"));
	}
	if (!raw && archive_entry_filetype(entry) != AE_IFREG) {
		read_unit_warn(u, "%s: no regular file", what);
		return (READ_OK);
	}
	return (read_member(u, a, raw ? "unpacked data" : what));
}

/* libarchive undoes compression around a format, and around compression, by
   itself: each counts as an archive. */
static bool
is_too_deep(struct read_unit *u, struct archive *a)
{
	if (u->depth + (unsigned)archive_filter_count(a) - 1 >
	    READ_DEPTH_MAX + 1) {
		(void)read_unit_fail(u, READ_LIMIT, "archives nested more "
		    "than %d deep", READ_DEPTH_MAX);
		return (true);
	}
	return (false);
}

static void
read_entries(struct read_unit *u, struct archive *a)
{
	struct archive_entry *entry;
	unsigned n = 0;
	int status;

	while ((status = archive_read_next_header(a, &entry)) == ARCHIVE_OK ||
	    status == ARCHIVE_WARN) {
		if (n++ == 0 && is_too_deep(u, a)) {
			return;
		}
		if (++u->members > READ_MEMBERS_MAX) {
			(void)read_unit_fail(u, READ_LIMIT, "more than %d "
			    "members", READ_MEMBERS_MAX);
			return;
		}
		(void)take_entry(u, a, entry);
		if (!read_unit_spend(u, 0)) {
			return;
		}
	}
	if (status != ARCHIVE_EOF) {
		read_unit_warn(u, "damaged archive: %s",
		    archive_error_string(a) != NULL ?
		    archive_error_string(a) : "cut off");
		(void)read_unit_fail(u, READ_DAMAGED, "damaged archive");
	} else if (n == 0) {
		(void)read_unit_fail(u, READ_FOREIGN, "empty archive");
	}
}

/* Without its directory libarchive reads a zip from the front, in silence. */
static void
check_directory(struct read_unit *u, struct str s)
{
	size_t i, from = s.n > ZIP_END_BYTES ? s.n - ZIP_END_BYTES : 0;

	if (s.n < 4 || memcmp(s.p, "PK\3\4", 4) != 0) {
		return;
	}
	for (i = from; i + 4 <= s.n; i++) {
		if (memcmp(s.p + i, "PK\5\6", 4) == 0) {
			return;
		}
	}
	read_unit_warn(u, "zip cut off: its directory is missing");
}

static enum read_result
archive_end(void *state, bool whole)
{
	struct read_whole *w = state;
	struct read_unit *u = w->unit;
	size_t before = u->reports_n;
	struct archive *a = NULL;

	(void)whole;
	if (!read_unit_over(u)) {
		a = new_reader();
		if (a == NULL) {
			(void)read_unit_fail(u, READ_NOMEM, "out of memory");
		} else if (archive_read_open_memory(a, w->bytes.p,
		    w->bytes.n) != ARCHIVE_OK) {
			(void)read_unit_fail(u, READ_DAMAGED, "damaged "
			    "archive: %s", archive_error_string(a));
		} else {
			check_directory(u, buf_str(&w->bytes));
			read_entries(u, a);
		}
	}
	archive_read_free(a);
	read_whole_free(w);
	return (read_unit_over(u) || u->reports_n == before ? u->worst :
	    READ_OK);
}

const struct read_kind read_archive = { "archive", archive_open,
	read_whole_bytes, archive_end };
