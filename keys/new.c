/* SPDX-License-Identifier: BSD-2-Clause */
/* dkimkeygen new */
#include <sys/types.h>

#include <stdio.h>
#include <time.h>

#include "keys/keys.h"

#define ID_TESTING		0x300
#define ID_NO_SUBDOMAINS	0x301

struct new_opts {
	const char		*domain;
	const char		*selector;	/* NULL: from the date */
	const char		*directory;
	enum crypto_key_type	 type;
	int64_t			 bits;		/* 0: the default */
	enum record_format	 format;
	bool			 testing;
	bool			 no_subdomains;
};

static bool
take_type(const char *value, enum crypto_key_type *r)
{
	if (strcmp(value, "rsa") == 0) {
		*r = CRYPTO_RSA;
	} else if (strcmp(value, "ed25519") == 0) {
		*r = CRYPTO_ED25519;
	} else {
		(void)cli_fail("--type: %s is neither rsa nor ed25519", value);
		return (false);
	}
	return (true);
}

static bool
take_format(const char *value, enum record_format *r)
{
	static const struct {
		const char		*name;
		enum record_format	 format;
	} formats[] = {
		{ "zone", RECORD_ZONE }, { "value", RECORD_VALUE },
		{ "json", RECORD_JSON }, { "nsupdate", RECORD_NSUPDATE },
	};
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value, formats[i].name) == 0) {
			*r = formats[i].format;
			return (true);
		}
	}
	(void)cli_fail("--format: %s is not zone, value, json or nsupdate",
	    value);
	return (false);
}

static bool
take_option(void *opts, int id, const char *value)
{
	struct new_opts *o = opts;
	switch (id) {
	case 'd':
		o->domain = value;
		return (true);
	case 's':
		o->selector = value;
		return (true);
	case 't':
		return (take_type(value, &o->type));
	case 'b':
		return (cli_number("bits", value, KEYS_RSA_MIN_BITS,
		    KEYS_RSA_MAX_BITS, &o->bits));
	case 'D':
		o->directory = value;
		return (true);
	case 'f':
		return (take_format(value, &o->format));
	case ID_TESTING:
		o->testing = true;
		return (true);
	case ID_NO_SUBDOMAINS:
		o->no_subdomains = true;
		return (true);
	default:
		return (false);
	}
}

/* What a selector is called by default: 202611r, 202611e. */
static const char *
default_selector(char *p, size_t size, enum crypto_key_type type)
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(p, size, type == CRYPTO_RSA ? "%Y%mr" : "%Y%me",
	    &tm) == 0) {
		return ("default");
	}
	return (p);
}

static json_t *
json_strings(struct str value)
{
	json_t *list = json_array();

	for (; value.n > 0;
	    value = str_from_offset(value, RECORD_STRING_MAX_BYTES)) {
		if (json_array_append_new(list, cli_json_text(str_first(value,
		    RECORD_STRING_MAX_BYTES))) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static bool
print_json(const struct key_name *name, const struct privkey *key,
    struct str value, const struct key_files *files)
{
	return (cli_json_print(json_pack(
	    "{s:o, s:o, s:o, s:s, s:o, s:o, s:s, s:i, s:o, s:o}",
	    "domain", cli_json_text(name->domain),
	    "selector", cli_json_text(name->selector),
	    "name", cli_json_text(name->owner), "type", "TXT",
	    "value", cli_json_text(value), "strings", json_strings(value),
	    "algorithm", key_type_name(privkey_type(key)),
	    "bits", (int)privkey_bits(key),
	    "private_file", cli_json_cstr(files->private_path),
	    "record_file", cli_json_cstr(files->record_path))));
}

static bool
print_record(const struct new_opts *o, const struct key_name *name,
    const struct privkey *key, struct str value, struct str line,
    const struct key_files *files)
{
	struct buf out;
	bool ok;

	buf_init(&out, KEYS_ARENA_BYTES);
	switch (o->format) {
	case RECORD_JSON:
		return (print_json(name, key, value, files));
	case RECORD_ZONE:
		buf_add_str(&out, line);
		break;
	case RECORD_VALUE:
		buf_add_str(&out, value);
		buf_add_char(&out, '\n');
		break;
	case RECORD_NSUPDATE:
		record_nsupdate(&out, name, value);
		break;
	}
	ok = out.status == STATUS_OK &&
	    fwrite(out.p, 1, out.n, stdout) == out.n;
	buf_fini(&out);
	return (cli_flush() && ok);
}

static int
make_key(const struct new_opts *o, const struct key_name *name)
{
	const char *flags = o->testing ? o->no_subdomains ? "y:s" : "y" :
	    o->no_subdomains ? "s" : "";
	unsigned bits = o->bits != 0 ? (unsigned)o->bits : KEYS_RSA_GOOD_BITS;
	struct buf pem, value, line;
	struct key_files files;
	struct privkey *key = NULL;
	int result = CLI_USAGE;

	buf_init(&pem, KEYS_ARENA_BYTES);
	buf_init(&value, KEYS_ARENA_BYTES);
	buf_init(&line, KEYS_ARENA_BYTES);
	if (!key_files_name(&files, o->directory, name->selector)) {
		goto out;
	}
	if (privkey_generate(o->type, bits, &key) != STATUS_OK ||
	    privkey_write_pem(key, &pem) != STATUS_OK ||
	    record_value(key, flags, &value) != STATUS_OK) {
		(void)cli_fail("the key could not be made");
		goto out;
	}
	record_zone_line(&line, name->domain, name->selector,
	    buf_str(&value));
	if (line.status == STATUS_OK &&
	    key_files_write(&files, o->directory, buf_str(&pem),
	    buf_str(&line)) &&
	    print_record(o, name, key, buf_str(&value), buf_str(&line),
	    &files)) {
		result = CLI_YES;
	}
out:
	privkey_free(key);
	if (pem.p != NULL) {
		explicit_bzero(pem.p, pem.n);
	}
	buf_fini(&pem);
	buf_fini(&value);
	buf_fini(&line);
	return (result);
}

int
new_main(const struct cli_command *command, int argc, char **argv)
{
	struct new_opts o = { .directory = ".", .type = CRYPTO_RSA,
		.format = RECORD_ZONE };
	struct arena arena;
	struct key_name name;
	char month[16];
	int early, result = CLI_USAGE;

	early = cli_options(command, argc, argv, take_option, &o);
	if (early != CLI_END) {
		return (early);
	}
	if (!cli_no_arguments(argc, argv)) {
		return (CLI_USAGE);
	}
	if (o.domain == NULL) {
		return (cli_fail("-d DOMAIN is missing"));
	}
	if (o.type == CRYPTO_ED25519 && o.bits != 0) {
		return (cli_fail("-b is for RSA keys only"));
	}
	if (o.selector == NULL) {
		o.selector = default_selector(month, sizeof(month), o.type);
	}
	arena_init(&arena, KEYS_ARENA_BYTES);
	if (key_name_make(&arena, o.domain, o.selector, &name)) {
		result = make_key(&o, &name);
	}
	arena_fini(&arena);
	return (result);
}
