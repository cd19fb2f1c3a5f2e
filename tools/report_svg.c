/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_svg: the plots. Widths are in percent, so that a plot fits any page;
 * labels are HTML beside it, so that they keep their size.
 */
#include "config.h"

#include <inttypes.h>

#include "tools/report_html.h"

#define DAY_S		86400
#define DAYS_MAX	92	/* the latest ones are shown */
#define DAYS_HEIGHT	120
#define RATE_HEIGHT	60
#define DAY_FILL	0.8	/* of a day's width is a bar */

struct days {
	const struct source_day	*v;	/* those that are shown */
	size_t			 n;
	int64_t			 first;
	int64_t			 span;	/* in days */
	int64_t			 most;	/* messages of a day */
};

static double
part(int64_t n, int64_t all)
{
	return (all > 0 ? (double)n / (double)all : 0);
}

static struct days
choose_days(const struct source_domain *d)
{
	struct days days = { .v = d->days, .n = d->days_n, .most = 1 };
	int64_t last = d->days[d->days_n - 1].day;
	size_t i;

	while (last - days.v[0].day >= DAYS_MAX) {
		days.v++;
		days.n--;
	}
	days.first = days.v[0].day;
	days.span = last - days.first + 1;
	for (i = 0; i < days.n; i++) {
		int64_t sum = report_sum(days.v[i].pass, days.v[i].fail);

		days.most = sum > days.most ? sum : days.most;
	}
	return (days);
}

static void
put_axis(struct html *h, const struct days *days)
{
	char day[REPORT_DATE_BYTES];

	(void)fprintf(h->out, "<div class=axis><span>%s</span>",
	    report_date(days->first * DAY_S, day));
	if (days->span > 1) {
		(void)fprintf(h->out, "<span>%s</span>", report_date(
		    (days->first + days->span - 1) * DAY_S, day));
	}
	(void)fputs("</div>", h->out);
}

static void
put_column(struct html *h, const char *class, double x, double width,
    double y, double height)
{
	if (height > 0) {
		(void)fprintf(h->out, "<rect class=%s x=\"%.3f%%\" y=\"%.2f\" "
		    "width=\"%.3f%%\" height=\"%.2f\"/>", class, x, y, width,
		    height);
	}
}

static void
put_day(struct html *h, const struct days *days, const struct source_day *v)
{
	double width = 100 / (double)days->span;
	double x = (double)(v->day - days->first) * width;
	double pass = part(v->pass, days->most) * DAYS_HEIGHT;
	double fail = part(v->fail, days->most) * DAYS_HEIGHT;
	char day[REPORT_DATE_BYTES], a[REPORT_NUMBER_BYTES];
	char b[REPORT_NUMBER_BYTES];

	/* One day alone is no wall. */
	width = width > 12 ? 12 : width;
	(void)fprintf(h->out, "<g><title>%s: %s pass, %s fail</title>",
	    report_date(v->day * DAY_S, day), report_number(v->pass, a),
	    report_number(v->fail, b));
	put_column(h, "mine", x, width * DAY_FILL, DAYS_HEIGHT - pass, pass);
	put_column(h, "fix", x, width * DAY_FILL, DAYS_HEIGHT - pass - fail,
	    fail);
	(void)fputs("</g>\n", h->out);
}

static void
put_volume(struct html *h, const struct days *days)
{
	char n[REPORT_NUMBER_BYTES];
	size_t i;

	(void)fprintf(h->out, "<div><h3>Messages by day <span>up to %s"
	    "</span></h3><svg height=%d role=img aria-label=\"Messages by "
	    "day\"><line class=grid x1=0 x2=\"100%%\" y1=%d y2=%d />\n",
	    report_number(days->most, n), DAYS_HEIGHT + 1, DAYS_HEIGHT,
	    DAYS_HEIGHT);
	for (i = 0; i < days->n; i++) {
		put_day(h, days, &days->v[i]);
	}
	(void)fputs("</svg>", h->out);
	put_axis(h, days);
	(void)fputs("<div class=key><span><i class=mine></i>pass"
	    "</span><span><i class=fix></i>fail</span></div></div>\n",
	    h->out);
}

/* The lowest share, in whole percent, is the bottom of the plot. */
static int
lowest_percent(const struct days *days)
{
	int percent, low = 99;
	size_t i;

	for (i = 0; i < days->n; i++) {
		percent = (int)(100 * part(days->v[i].pass, report_sum(
		    days->v[i].pass, days->v[i].fail)));
		low = percent < low ? percent : low;
	}
	return (low >= 90 ? 90 : low >= 50 ? 50 : 0);
}

static void
put_rate_points(struct html *h, const struct days *days, int low)
{
	double x, y;
	size_t i;

	for (i = 0; i < days->n; i++) {
		const struct source_day *v = &days->v[i];
		int64_t all = report_sum(v->pass, v->fail);

		if (all == 0) {
			continue;
		}
		x = ((double)(v->day - days->first) + 0.5) * 100 /
		    (double)days->span;
		y = (100 - 100 * part(v->pass, all)) / (100 - low) *
		    RATE_HEIGHT;
		(void)fprintf(h->out, "%.3f,%.2f ", x, y);
	}
}

static void
put_rate(struct html *h, const struct days *days)
{
	int low = lowest_percent(days);

	(void)fprintf(h->out, "<div><h3>Share that passes, by day <span>from "
	    "%d to 100 %%</span></h3><svg height=%d viewBox=\"0 -2 100 %d\" "
	    "preserveAspectRatio=none role=img aria-label=\"Share that "
	    "passes, by day\"><line class=grid x1=0 x2=100 y1=%d y2=%d "
	    "vector-effect=non-scaling-stroke /><polyline class=rate "
	    "vector-effect=non-scaling-stroke points=\"", low,
	    DAYS_HEIGHT + 1, RATE_HEIGHT + 3, RATE_HEIGHT, RATE_HEIGHT);
	put_rate_points(h, days, low);
	(void)fputs("\"/></svg>", h->out);
	put_axis(h, days);
	(void)fputs("</div>\n", h->out);
}

void
html_days(struct html *h, const struct source_domain *d)
{
	struct days days;

	if (d->days_n < 2) {
		return;		/* one day is told by its numbers */
	}
	days = choose_days(d);
	(void)fputs("<div class=two>\n", h->out);
	put_volume(h, &days);
	put_rate(h, &days);
	(void)fputs("</div>\n", h->out);
}

void
html_verdicts(struct html *h, const struct source_domain *d)
{
	double x = 0, width;
	int i;

	(void)fputs("<svg height=14 role=img aria-label=\"Messages by "
	    "verdict\">", h->out);
	for (i = 0; i < SOURCE_VERDICTS; i++) {
		width = 100 * part(d->by_verdict[i], d->messages);
		put_column(h, source_verdict_name((enum source_verdict)i), x,
		    width, 0, width > 0 ? 14 : 0);
		x += width;
	}
	(void)fputs("</svg>\n", h->out);
}

void
html_bar(struct html *h, enum source_verdict verdict, int64_t n, int64_t most)
{
	(void)fputs("<svg height=8>", h->out);
	put_column(h, source_verdict_name(verdict), 0, 100 * part(n, most), 0,
	    8);
	(void)fputs("</svg>", h->out);
}
