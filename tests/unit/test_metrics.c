/* SPDX-License-Identifier: Apache-2.0 */
/* test_metrics.c — rows and histograms become valid Prometheus text. */
#include <math.h>

#include "telemetry/metrics.h"
#include "promtext.h"
#include "tap.h"

struct figures {
	uint64_t good, bad, bytes, wait_us;
};

static const struct metric_row rows[] = {
	METRIC_COUNTER(struct figures, good, "answers_total", "outcome=\"good\"", "Answers by outcome."),
	METRIC_COUNTER(struct figures, bad, "answers_total", "outcome=\"bad\"", "Answers by outcome."),
	METRIC_GAUGE(struct figures, bytes, "bytes", NULL, "Bytes, with a \\ and a\nbreak."),
	{ "wait_seconds", NULL, "Seconds waited.", METRIC_GAUGE, METRIC_FIELD(struct figures, wait_us), 1e-6 },
	METRIC_END,
};

static void rows_become_text_with_help_once_a_name(void)
{
	struct figures f = { 3, 4, UINT64_MAX, 1500000 };
	struct buf b = { 0 };

	metrics_render(&b, "t_", rows, &f);
	is_text(buf_cstr(&b),
	        "# HELP t_answers_total Answers by outcome.\n# TYPE t_answers_total counter\n"
	        "t_answers_total{outcome=\"good\"} 3\nt_answers_total{outcome=\"bad\"} 4\n"
	        "# HELP t_bytes Bytes, with a \\\\ and a\\nbreak.\n# TYPE t_bytes gauge\n"
	        "t_bytes 18446744073709551615\n"
	        "# HELP t_wait_seconds Seconds waited.\n# TYPE t_wait_seconds "
	        "gauge\nt_wait_seconds 1.5\n",
	        "the whole text");
	buf_free(&b);
}

static void samples_of_several_structs_stand_together(void)
{
	struct figures f = { 1, 2, 3, 0 }, g = { 10, 20, 30, 0 };
	struct metric_base bases[] = { { &f, "port=\"a\"" }, { &g, "port=\"b\"" } };
	struct promtext p;
	struct buf b = { 0 };

	metrics_render_each(&b, "t_", rows, bases, 2);
	ok(promtext_valid(&p, buf_cstr(&b)), "the text is valid: %s", p.wrong);
	is_int(promtext_value(buf_cstr(&b), "t_answers_total{port=\"b\",outcome=\"bad\"}"), 20,
	        "labels of struct and row stand behind each other");
	is_int(promtext_value(buf_cstr(&b), "t_bytes{port=\"a\"}"), 3, "a row without labels has the struct's");
	buf_clear(&b);
	metrics_render_each(&b, "t_", rows, bases, 0);
	is_int(b.len, 0, "no struct, no text");
	buf_free(&b);
}

static void label_values_are_escaped(void)
{
	struct buf labels = { 0 }, b = { 0 };
	struct promtext p;

	metrics_label(&labels, "version", "1 \"quoted\" \\ and\nbroken");
	metrics_label(&labels, "host", "h");
	is_text(buf_cstr(&labels), "version=\"1 \\\"quoted\\\" \\\\ and\\nbroken\",host=\"h\"",
	        "quote, backslash and line end are escaped");
	metrics_sample(&b, "t_", "info", buf_cstr(&labels), "Says \"who\".", METRIC_GAUGE, 1);
	ok(promtext_valid(&p, buf_cstr(&b)), "the text is valid: %s", p.wrong);
	buf_free(&labels);
	buf_free(&b);
}

static void odd_numbers_are_written_as_the_format_wants(void)
{
	struct buf b = { 0 };

	metrics_sample(&b, "", "a", NULL, NULL, METRIC_GAUGE, NAN);
	metrics_sample(&b, "", "b", NULL, NULL, METRIC_GAUGE, INFINITY);
	metrics_sample(&b, "", "c", "", NULL, METRIC_GAUGE, -INFINITY);
	metrics_sample(&b, "", "d", NULL, NULL, METRIC_GAUGE, 123456789012345);
	is_text(buf_cstr(&b), "a NaN\nb +Inf\nc -Inf\nd 123456789012345\n", "NaN, the infinities, a large one");
	buf_free(&b);
}

static void a_histogram_counts_each_value_once_and_prints_running_sums(void)
{
	struct histogram h = { 0 };
	struct promtext p;
	struct buf b = { 0 };
	const char *text;

	histogram_add(&h, 0);
	histogram_add(&h, 1000); /* on the edge: le is "less or equal" */
	histogram_add(&h, 1001);
	histogram_add(&h, 31000000); /* beyond the last */
	metrics_render_histogram(&b, "t_", "ack_seconds", "sink=\"kafka\"", "Seconds.", &h);
	metrics_render_histogram(&b, "t_", "ack_seconds", "sink=\"http\"", NULL, &h);
	text = buf_cstr(&b);
	ok(promtext_valid(&p, text), "the text is valid: %s", p.wrong);
	is_int(promtext_value(text, "t_ack_seconds_bucket{sink=\"kafka\",le=\"0.001\"}"), 2, "two up to 1 ms");
	is_int(promtext_value(text, "t_ack_seconds_bucket{sink=\"kafka\",le=\"0.0025\"}"), 3, "three up to 2.5 ms");
	is_int(promtext_value(text, "t_ack_seconds_bucket{sink=\"kafka\",le=\"30\"}"), 3, "still three at 30 s");
	is_int(promtext_value(text, "t_ack_seconds_bucket{sink=\"kafka\",le=\"+Inf\"}"), 4, "four in all");
	is_int(promtext_value(text, "t_ack_seconds_count{sink=\"kafka\"}"), 4, "the count is the same");
	ok(fabs(promtext_value(text, "t_ack_seconds_sum{sink=\"http\"}") - 31.002001) < 1e-9, "the sum is in seconds");
	buf_free(&b);
}

/* The reader of these tests refuses what promtool's linter would object to. */
static void the_lint_can_fail(void)
{
	static const char *const bad[] = {
		"# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
		"# HELP a x\n# TYPE a counter\na 1\n",
		"# HELP a x\n# TYPE a gauge\na 1\na 2\n",
		"# HELP a x\n# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\"} 1\n",
		"# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n",
		"# HELP aB x\n# TYPE aB gauge\naB 1\n",
		"a 1\n",
		"# TYPE a gauge\na 1\n",
		"# HELP a x\na 1\n",
	};
	struct promtext p;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(!promtext_valid(&p, bad[i]), "refused: %s", p.wrong);
	ok(promtext_valid(&p, "# HELP a x\n# TYPE a gauge\na{b=\"c\"} 1\na{b=\"d\"} 1\n"), "what is right is taken");
}

int main(void)
{
	rows_become_text_with_help_once_a_name();
	samples_of_several_structs_stand_together();
	label_values_are_escaped();
	odd_numbers_are_written_as_the_format_wants();
	a_histogram_counts_each_value_once_and_prints_running_sums();
	the_lint_can_fail();
	return tap_done();
}
