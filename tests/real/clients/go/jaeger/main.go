// SPDX-License-Identifier: Apache-2.0

// jaeger sends K spans with known content by an unchanged jaeger-client-go to an agent by UDP, and prints what it sent,
// a line of JSON for each span as stored prints them (see compare.py for "also").
//
//	jaeger HOST:PORT SERVICE K
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"

	"spanspool/clients/told"
)

func known(i int) []told.Tag {
	return append(told.Known(i), told.Text("", "no key"),
		told.Bytes("bytes", []byte{0, 1, 255, 254, 0}), told.Bytes("no bytes", []byte{}))
}

func open(address, service string) (opentracing.Tracer, func() error, error) {
	transport, err := jaeger.NewUDPTransport(address, 0)
	if err != nil {
		return nil, nil, err
	}
	// The default queue of 100 makes the client drop spans of its own when they come this fast.
	reporter := jaeger.NewRemoteReporter(transport, jaeger.ReporterOptions.QueueSize(10000))
	tracer, closer := jaeger.NewTracer(service, jaeger.NewConstSampler(true), reporter,
		jaeger.TracerOptions.Gen128Bit(true),
		jaeger.TracerOptions.Tag("sender", "jaeger-client-go"), jaeger.TracerOptions.Tag("process.number", 42),
		jaeger.TracerOptions.Tag("process.bytes", []byte{0, 255, 0}))
	return tracer, closer.Close, nil
}

func emit(tracer opentracing.Tracer, service string, i int, above *jaeger.Span) (*jaeger.Span, told.Span) {
	start, length := told.When(i)
	options := []opentracing.StartSpanOption{opentracing.StartTime(start)}
	if above != nil {
		options = append(options, opentracing.ChildOf(above.Context()), opentracing.FollowsFrom(above.Context()))
	}
	span := tracer.StartSpan("operation-"+strconv.Itoa(i), options...).(*jaeger.Span)
	tags := known(i)
	for _, t := range tags {
		span.SetTag(t.Key, t.Value)
	}
	span.FinishWithOptions(opentracing.FinishOptions{
		FinishTime: start.Add(length),
		LogRecords: []opentracing.LogRecord{{
			Timestamp: start.Add(7 * time.Microsecond),
			Fields:    []log.Field{log.String("event", "half way"), log.Int("number", i), log.Bool("late", true)},
		}},
	})
	one := told.New(service, span.SpanContext().TraceID().High, span.SpanContext().TraceID().Low,
		uint64(span.SpanContext().SpanID()))
	one.Operation, one.Flags = fmt.Sprint("operation-", i), uint32(span.SpanContext().Flags())
	one.Start, one.Duration = start.UnixMicro(), length.Microseconds()
	one.Tags = told.Tags(tags)
	one.Logs = []any{[]any{start.UnixMicro() + 7, told.Tags([]told.Tag{
		told.Text("event", "half way"), told.Long("number", int64(i)), told.Bool("late", true)})}}
	one.Process = told.Tags([]told.Tag{told.Text("sender", "jaeger-client-go"), told.Long("process.number", 42),
		told.Bytes("process.bytes", []byte{0, 255, 0})})
	one.Also.Process = []string{"client-uuid", "hostname", "ip", "jaeger.version"}
	if above == nil {
		one.Also.Tags = []string{"sampler.type", "sampler.param"}
	} else {
		at := above.SpanContext()
		one.Refer("CHILD_OF", at.TraceID().High, at.TraceID().Low, uint64(at.SpanID()))
		one.Refer("FOLLOWS_FROM", at.TraceID().High, at.TraceID().Low, uint64(at.SpanID()))
	}
	return span, one
}

func run(address, service string, count int) error {
	tracer, end, err := open(address, service)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	var above *jaeger.Span
	for i := 0; i < count; i++ {
		if i%told.Chain == 0 {
			above = nil
		}
		var one told.Span
		above, one = emit(tracer, service, i, above)
		if err := out.Encode(one); err != nil {
			return err
		}
	}
	return end()
}

func main() { told.Main("jaeger", run) }
