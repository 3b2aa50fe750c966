/* SPDX-License-Identifier: Apache-2.0 */
/* chart.c — the chart of one figure as SVG inside a page: a line over the last hour, its last value and its largest. */
#include <math.h>
#include <stdio.h>

#include "status_internal.h"

enum { WIDTH = 240, HEIGHT = 48, HOUR_S = 3600 };

/* Prints "12.3", "4.57k" or "1.2M"; "∞" for what has no end. */
static const char *print_figure(double value, char *to, size_t cap)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	size_t unit = 0;

	if (!isfinite(value))
		return "∞";
	for (; value >= 999.5 && unit + 1 < ARRAY_LEN(units); unit++)
		value /= 1000;
	snprintf(to, cap, "%.3g%s", value, units[unit]);
	return to;
}

static double largest(const struct history_point *points, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(points[i].value) && points[i].value > most)
			most = points[i].value;
	return most;
}

/* Adds the line's path. A point that begins a piece has a stroke of its own, so that it can be seen alone. */
static void add_line(struct buf *to, const struct history_point *points, size_t n, double most)
{
	buf_text(to, "<path d=\"");
	for (size_t i = 0; i < n; i++) {
		double x = WIDTH - points[i].ago_s * WIDTH / HOUR_S;
		double share = most > 0 ? fmin(points[i].value, most) / most : 0;
		double y = HEIGHT - 1 - share * (HEIGHT - 2);

		if (points[i].begins)
			buf_printf(to, "M%.1f %.1fh.1", x, y);
		buf_printf(to, "L%.1f %.1f", x, y);
	}
	buf_text(to, "\"/>");
}

void chart_add(struct buf *to, const struct history_series *s, const struct history_point *points, size_t n)
{
	double most = largest(points, n), last = n == 0 ? 0 : points[n - 1].value;
	char now[32], peak[32];
	const char *now_text = print_figure(last, now, sizeof(now)),
	           *peak_text = print_figure(most, peak, sizeof(peak));

	buf_printf(to, "<figure%s><figcaption>", s->is_loss && most > 0 ? " class=\"bad\"" : "");
	html_escape(to, s->title);
	buf_printf(to,
	        " <b>%s</b></figcaption>\n<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" "
	        "aria-label=\"the last hour: now %s, at most %s\">",
	        n == 0 ? "–" : now_text, WIDTH, HEIGHT, now_text, peak_text);
	if (n > 0)
		add_line(to, points, n, most);
	buf_printf(to, "</svg>\n<p><span>an hour ago</span><span>at most %s</span><span>now</span></p></figure>\n",
	        peak_text);
}
