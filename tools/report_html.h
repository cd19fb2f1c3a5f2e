/* SPDX-License-Identifier: BSD-2-Clause */
/* report_html: the page and its plots. */
#ifndef TOOLS_REPORT_HTML_H
#define TOOLS_REPORT_HTML_H

#include "tools/report.h"

struct html {
	struct report_read	*o;
	FILE			*out;
	struct buf		 clean;
};

extern const char html_style[];	/* report_style.c */

/* report_svg.c */

/* Volume and share that passes, by day. */
void	 html_days(struct html *, const struct source_domain *);
/* One bar: the share of each verdict. */
void	 html_verdicts(struct html *, const struct source_domain *);
/* A bar of n out of most. */
void	 html_bar(struct html *, enum source_verdict, int64_t n, int64_t most);

#endif
