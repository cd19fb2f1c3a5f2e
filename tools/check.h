/* SPDX-License-Identifier: BSD-2-Clause */
/* mailseal check: what its files share. Reports are printed in full or, with
   --only and --skip, in part. */
#ifndef TOOLS_CHECK_H
#define TOOLS_CHECK_H

#include "check/check.h"
#include "tools/mailseal.h"
#include "wanted/provider.h"

#define CHECK_MAX_DOMAINS	10000
#define CHECK_MAX_GLOBS		32

enum check_format {
	CHECK_AS_TEXT, CHECK_AS_JSON, CHECK_AS_NAGIOS, CHECK_AS_PROMETHEUS,
	CHECK_AS_ZONE, CHECK_AS_FORM
};

enum check_fail_on { CHECK_FAIL_ERROR, CHECK_FAIL_WARN, CHECK_FAIL_NEVER };

struct check_args {
	struct cli_dns		 dns;
	const char		*conf_path;	/* NULL: not named */
	const char		*domains[CHECK_MAX_DOMAINS];
	size_t			 domains_n;	/* 0: those that this host
						   signs for */
	struct ip_addr		 ips[CHECK_MAX_IPS];
	size_t			 ips_n;
	const char		*helo;
	struct check_selector	 selectors[CHECK_MAX_SELECTORS];
	size_t			 selectors_n;	/* their keys are owned */
	const char		*mail_from;
	struct str		 dnsbl[CHECK_MAX_LISTS];
	size_t			 dnsbl_n;
	struct str		 dnsbl_domain[CHECK_MAX_LISTS];
	size_t			 dnsbl_domain_n;
	bool			 no_dnsbl;
	const char		*only[CHECK_MAX_GLOBS];
	size_t			 only_n;
	const char		*skip[CHECK_MAX_GLOBS];
	size_t			 skip_n;
	enum check_format	 format;
	enum check_fail_on	 fail_on;
	bool			 authoritative;
	int64_t			 authority_port;	/* 0: 53 */
	bool			 connect;
	const char		*outbound;	/* a domain outside; NULL: none
						   is asked */
	bool			 no_outbound;
	const char		*ca_file;	/* NULL: the system's */
	int64_t			 connect_timeout_s;	/* 0: the default */
	int64_t			 smtp_port;	/* 0: 25 */
	int64_t			 https_port;	/* 0: 443 */
	const char		*save;		/* file; NULL: none */
	bool			 notify;	/* only news since the last
						   run */
	bool			 records;	/* only what to publish */
	bool			 verbose;
	bool			 quiet;
};

struct check_shown {		/* a report after --only and --skip */
	const struct check_report	*report;
	const struct check_opts		*opts;
	const struct check_finding	*v[CHECK_MAX_FINDINGS];
	size_t				 n;
	size_t				 counts[CHECK_SEVERITIES];
	size_t				 unknown;	/* but those about
							   block lists */
};

/* Takes one option into a struct check_args. */
bool	 check_take_option(void *opts, int id, const char *value);
/* Adds a finding, if it is selected and there is room. */
void	 check_show(const struct check_args *, struct check_shown *,
	    const struct check_finding *);
/* NULL: no memory, or the text is absent. */
struct check_finding	*check_finding_make(struct arena *, const char *id,
			    enum check_severity, struct str subject,
			    struct str text);
struct check_sayer {		/* who adds findings to a report */
	const struct check_args	*args;
	struct check_shown	*shown;
	struct arena		*arena;		/* of the findings */
	struct check_finding	 spare;		/* without memory */
	bool			 failed;	/* there was none */
};
/* Never NULL. */
struct check_finding	*check_say(struct check_sayer *, const char *id,
			    enum check_severity, struct str subject,
			    const char *fmt, ...) ATTR_PRINTF(5, 6);
void	 check_say_found(struct check_sayer *, struct check_finding *,
	    struct str text);
void	 check_say_fix(struct check_sayer *, struct check_finding *,
	    enum wanted_place, struct str owner, const char *type,
	    struct str value);
/* The object of the contract; NULL: no memory. */
json_t	*check_json(const struct check_shown *);
void	 check_print_text(const struct check_args *,
	    const struct check_shown *);
/* One line for all domains; returns the exit status of such a plugin. */
int	 check_print_nagios(const struct check_shown *, size_t n);
void	 check_print_prometheus(const struct check_shown *, size_t n);
/* The records to publish, as lines of a zone file, or for web forms. */
void	 check_print_zone(const struct check_shown *);
void	 check_print_form(const struct check_shown *, const struct provider *);

#endif
