/* SPDX-License-Identifier: Apache-2.0 */
/* test_history.c — the ring of samples, what it shows of counters and gauges, and the chart that is made of it. */
#include <math.h>

#include "status_internal.h"
#include "tap.h"

static const struct history_series counter = { "spans a second", 1, false };
static const struct history_series by_minute = { "spans lost a minute", 60, true };
static const struct history_series gauge = { "spans waiting", 0, false };

static struct history_point points[HISTORY_POINTS];

static void add(struct history *h, uint64_t ms, double value)
{
	history_add(h, ms, (double[HISTORY_SERIES]){ value, value });
}

static void a_counter_shows_its_increase(void)
{
	struct history h = { 0 };

	is_int(history_points(&h, &counter, 0, 1000, 5, points), 0, "of one value no increase is known");
	add(&h, 1000, 100);
	is_int(history_points(&h, &counter, 0, 1000, 100, points), 0, "nor of two at the same moment");
	add(&h, 31000, 400);
	is_int(history_points(&h, &counter, 0, 41000, 500, points), 2, "a sample and the value now");
	ok(points[0].value == 10 && points[0].ago_s == 10 && points[0].begins, "300 in 30 s are 10 a second");
	ok(points[1].value == 10 && points[1].ago_s == 0 && !points[1].begins, "and 100 in 10 s");
	history_points(&h, &by_minute, 1, 41000, 500, points);
	ok(points[1].value == 600, "600 a minute");
	history_points(&h, &counter, 0, 41000, 3, points);
	ok(points[1].value == 0, "a counter that goes down has no increase");
}

static void a_gauge_shows_its_values(void)
{
	struct history h = { 0 };

	is_int(history_points(&h, &gauge, 0, 1000, 7, points), 1, "the value now");
	ok(points[0].value == 7 && points[0].begins, "with nothing before it");
	add(&h, 1000, 7);
	add(&h, 31000, 0);
	is_int(history_points(&h, &gauge, 0, 61000, INFINITY, points), 3, "each sample, and the value now");
	ok(points[0].value == 7 && points[1].value == 0 && isinf(points[2].value), "as they were");
}

static void only_the_last_hour_is_shown(void)
{
	struct history h = { 0 };
	uint64_t ms = 1;
	size_t n;

	for (int i = 0; i < 1000; i++, ms += HISTORY_STEP_MS)
		add(&h, ms, i);
	n = history_points(&h, &gauge, 0, ms, 1000, points);
	is_int(n, 121, "an hour in steps of 30 s, and now");
	ok(points[0].ago_s == 3600 && points[0].value == 880, "the oldest is an hour old");
	ok(points[n - 1].value == 1000 && points[n - 1].ago_s == 0, "the last is now");
	for (size_t i = 1; i < n; i++)
		if (points[i].value != points[i - 1].value + 1 || points[i].begins)
			is_int((int)i, 0, "a point is out of order");
	n = history_points(&h, &counter, 0, ms + 3570 * 1000, 1000, points);
	is_int(n, 2, "when only the last sample is not older than an hour, it and the value now are shown");
	ok(points[1].begins, "with a gap between them");
	is_int(history_points(&h, &gauge, 0, ms + 7200 * 1000, 1, points), 1, "and then the value now");
	ok(sizeof(h) <= 7 * 1024, "the whole takes %zu bytes", sizeof(h));
}

static void is_chart(const struct history_series *s, size_t n, const char *wanted, const char *what)
{
	struct buf page = { 0 };

	chart_add(&page, s, points, n);
	if (!ok(strstr(buf_cstr(&page), wanted) != NULL, "%s", what))
		diag("%s", buf_cstr(&page));
	buf_free(&page);
}

static void a_chart_is_drawn(void)
{
	static const struct history_series odd = { "a <b> & \"c\"", 0, true };

	is_chart(&gauge, 0, "spans waiting <b>–</b>", "without a point there is no value");
	points[0] = (struct history_point){ 3600, 50, true };
	points[1] = (struct history_point){ 1800, 100, false };
	points[2] = (struct history_point){ 0, 0, true };
	is_chart(&gauge, 3, "d=\"M0.0 24.0h.1L0.0 24.0L120.0 1.0M240.0 47.0h.1L240.0 47.0\"", "the line, with its gap");
	is_chart(&gauge, 2, "<b>100</b>", "the last value");
	is_chart(&gauge, 3, "at most 100", "and the largest");
	is_chart(&by_minute, 3, "<figure class=\"bad\">", "a loss is marked");
	is_chart(&odd, 3, "a &lt;b&gt; &amp; &quot;c&quot;", "the title is escaped");
	points[1].value = INFINITY;
	is_chart(&gauge, 2, "<b>∞</b>", "a value without end");
	is_chart(&gauge, 2, "L120.0 1.0", "is drawn at the top");
	points[0].value = points[1].value = 0;
	is_chart(&by_minute, 2, "<figure><figcaption>", "a loss of nothing is not marked");
	is_chart(&gauge, 2, "M0.0 47.0h.1L0.0 47.0L120.0 47.0", "nothing is drawn at the bottom");
}

static void figures_are_short(void)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0.02, ">0.02<" }, { 999, ">999<" }, { 999.7, ">1k<" }, { 12345, ">12.3k<" },
		{ 1234567, ">1.23M<" }, { 5e15, ">5e+03T<" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		points[0] = (struct history_point){ 0, cases[i].value, true };
		is_chart(&gauge, 1, cases[i].text, cases[i].text);
	}
}

int main(void)
{
	a_counter_shows_its_increase();
	a_gauge_shows_its_values();
	only_the_last_hour_is_shown();
	a_chart_is_drawn();
	figures_are_short();
	return tap_done();
}
