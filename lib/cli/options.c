/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "config.h"

#define LETTERS_MAX	(2 * CLI_MAX_OPTIONS + 2)
#define HELP_COLUMN	26
#define ID_HELP		0x200
#define ID_VERSION	0x201
#define DNS_TIMEOUT_S	5

static void ATTR_PRINTF(1, 0)
print_error(const char *fmt, va_list ap)
{
	(void)fprintf(stderr, "%s: ", getprogname());
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
}

int
cli_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(fmt, ap);
	va_end(ap);
	return (CLI_USAGE);
}

void
cli_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(fmt, ap);
	va_end(ap);
}

static bool
has_letter(const struct cli_option *option)
{
	return (option->id > ' ' && option->id <= '~');
}

static void
print_option(const struct cli_option *option)
{
	int n;

	n = has_letter(option) ? printf("  -%c, ", option->id) : printf("  ");
	n += printf("--%s", option->name);
	if (option->arg != NULL && option->arg[0] == '[') {
		n += printf("[=%s", option->arg + 1);
	} else if (option->arg != NULL) {
		n += printf(" %s", option->arg);
	}
	if (n >= HELP_COLUMN) {
		(void)putchar('\n');
		n = 0;
	}
	(void)printf("%*s%s\n", HELP_COLUMN - n, "", option->help);
}

static void
print_command(const struct cli_command *command)
{
	size_t i;

	(void)printf("usage: %s %s%s%s\n%s\n\n", getprogname(),
	    command->name != NULL ? command->name : "",
	    command->name != NULL ? " " : "", command->synopsis,
	    command->purpose);
	for (i = 0; i < command->options_n; i++) {
		print_option(&command->options[i]);
	}
	print_option(&(struct cli_option){ ID_HELP, "help", NULL,
	    "print this help" });
}

static void
print_program(const struct cli_program *program, FILE *out)
{
	size_t i;

	(void)fprintf(out, "usage: %s COMMAND [options] ...\n%s\n\n",
	    program->name, program->purpose);
	for (i = 0; i < program->commands_n; i++) {
		(void)fprintf(out, "  %-10s %s\n", program->commands[i].name,
		    program->commands[i].purpose);
	}
	(void)fprintf(out, "\n%s COMMAND --help prints a command's options, "
	    "%s --version the version.\n", program->name, program->name);
}

static bool
print_version(const char *name)
{
	(void)printf("%s %s\n", name, PACKAGE_VERSION);
	return (cli_flush());
}

int
cli_next(const struct cli_command *command, int argc, char **argv,
    const char **value_r)
{
	struct option table[CLI_MAX_OPTIONS + 3] = { { .name = NULL } };
	char letters[LETTERS_MAX];
	size_t i, n = 0;
	int id;

	for (i = 0; i < command->options_n && i < CLI_MAX_OPTIONS; i++) {
		const struct cli_option *option = &command->options[i];

		table[i] = (struct option){ .name = option->name,
			.has_arg = option->arg == NULL ? no_argument :
			    option->arg[0] == '[' ? optional_argument :
			    required_argument, .val = option->id };
		if (has_letter(option)) {
			letters[n++] = (char)option->id;
		}
		if (has_letter(option) && option->arg != NULL) {
			letters[n++] = ':';
		}
	}
	letters[n] = '\0';
	table[i++] = (struct option){ .name = "help", .val = ID_HELP };
	table[i] = (struct option){ .name = "version", .val = ID_VERSION };
	id = getopt_long(argc, argv, letters, table, NULL);
	*value_r = optarg;
	if (id == ID_HELP) {
		print_command(command);
		return (cli_flush() ? CLI_HELP : CLI_BAD);
	}
	if (id == ID_VERSION) {
		return (print_version(getprogname()) ? CLI_HELP : CLI_BAD);
	}
	return (id == -1 ? CLI_END : id == '?' ? CLI_BAD : id);
}

int
cli_options(const struct cli_command *command, int argc, char **argv,
    cli_take *take, void *opts)
{
	const char *value;
	int id;

	while ((id = cli_next(command, argc, argv, &value)) >= 0) {
		if (!take(opts, id, value)) {
			return (CLI_USAGE);
		}
	}
	return (id == CLI_END ? CLI_END : id == CLI_HELP ? CLI_YES :
	    CLI_USAGE);
}

bool
cli_file(int argc, char **argv, const char **path_r)
{
	*path_r = optind < argc ? argv[optind] : NULL;
	if (argc - optind > 1) {
		(void)cli_fail("more than one FILE: %s", argv[optind + 1]);
		return (false);
	}
	return (true);
}

bool
cli_no_arguments(int argc, char **argv)
{
	if (optind < argc) {
		(void)cli_fail("%s: unexpected argument", argv[optind]);
		return (false);
	}
	return (true);
}

static const struct cli_command *
find_command(const struct cli_program *program, const char *name)
{
	size_t i;

	for (i = 0; i < program->commands_n; i++) {
		if (strcmp(program->commands[i].name, name) == 0) {
			return (&program->commands[i]);
		}
	}
	return (NULL);
}

int
cli_main(const struct cli_program *program, int argc, char **argv)
{
	const struct cli_command *command;
	const char *word = argc > 1 ? argv[1] : NULL;
	char name[64];			/* for messages of getopt */

	setprogname(program->name);
	if (word != NULL && strcmp(word, "--version") == 0) {
		return (print_version(program->name) ? CLI_YES : CLI_USAGE);
	}
	if (word != NULL && strcmp(word, "--help") == 0) {
		print_program(program, stdout);
		return (cli_flush() ? CLI_YES : CLI_USAGE);
	}
	if (word != NULL && word[0] == '-' && program->fallback != NULL) {
		command = find_command(program, program->fallback);
		(void)snprintf(name, sizeof(name), "%s", program->name);
		argv[0] = name;
		return (command->run(command, argc, argv));
	}
	command = word != NULL ? find_command(program, word) : NULL;
	if (command == NULL) {
		if (word != NULL) {
			(void)cli_fail("%s: no such command", word);
		}
		print_program(program, stderr);
		return (CLI_USAGE);
	}
	(void)snprintf(name, sizeof(name), "%s %s", program->name,
	    command->name);
	argv[1] = name;
	return (command->run(command, argc - 1, argv + 1));
}

bool
cli_number(const char *option, const char *text, int64_t min, int64_t max,
    int64_t *value_r)
{
	char *end = NULL;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || value < min ||
	    value > max) {
		(void)cli_fail("--%s: %s is not a number from %lld to %lld",
		    option, text, (long long)min, (long long)max);
		return (false);
	}
	*value_r = value;
	return (true);
}

bool
cli_flush(void)
{
	if (fflush(stdout) == EOF || ferror(stdout)) {
		(void)cli_fail("standard output: %s", strerror(errno));
		return (false);
	}
	return (true);
}

bool
cli_dns_option(struct cli_dns *dns, int id, const char *value, bool *bad_r)
{
	*bad_r = false;
	switch (id) {
	case CLI_DNS_ZONE:
		dns->zone = value;
		return (true);
	case CLI_DNS_NAMESERVER:
		if (dns->nameservers_n == CLI_MAX_NAMESERVERS) {
			(void)cli_fail("--nameserver: at most %d",
			    CLI_MAX_NAMESERVERS);
			*bad_r = true;
			return (true);
		}
		dns->nameservers[dns->nameservers_n++] = str_from(value);
		return (true);
	case CLI_DNS_TRUST_ANCHOR:
		dns->trust_anchor = value;
		return (true);
	case CLI_DNS_TIMEOUT:
		*bad_r = !cli_number("dns-timeout", value, 1,
		    CLI_DNS_MAX_SECONDS, &dns->timeout_s);
		return (true);
	default:
		return (false);
	}
}

uint64_t
cli_dns_timeout_us(const struct cli_dns *dns)
{
	int64_t timeout_s = dns->timeout_s != 0 ? dns->timeout_s :
	    DNS_TIMEOUT_S;

	return ((uint64_t)timeout_s * 1000000);
}
