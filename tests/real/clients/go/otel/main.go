// SPDX-License-Identifier: Apache-2.0

// otel sends K spans with known content by the OpenTelemetry SDK and its Jaeger exporter to an agent by UDP, and prints
// what it sent, a line of JSON for each span as stored prints them (see compare.py for "also").
//
//	otel HOST:PORT SERVICE K
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/jaeger"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"spanspool/clients/told"
)

func attributes(from []told.Tag) []attribute.KeyValue {
	to := []attribute.KeyValue{}
	for _, t := range from {
		switch v := t.Value.(type) {
		case int64:
			to = append(to, attribute.Int64(t.Key, v))
		case float64:
			to = append(to, attribute.Float64(t.Key, v))
		case bool:
			to = append(to, attribute.Bool(t.Key, v))
		case string:
			to = append(to, attribute.String(t.Key, v))
		}
	}
	return to
}

var process = []told.Tag{told.Text("sender", "OpenTelemetry"), told.Long("process.number", 42)}

// A span of a trace that nobody has stored.
var elsewhere = trace.NewSpanContext(trace.SpanContextConfig{
	TraceID: trace.TraceID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 15: 0x01},
	SpanID:  trace.SpanID{0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10},
})

func open(address, service string) (*sdk.TracerProvider, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	exporter, err := jaeger.New(jaeger.WithAgentEndpoint(jaeger.WithAgentHost(host), jaeger.WithAgentPort(port)))
	if err != nil {
		return nil, err
	}
	about := append(attributes(process), attribute.String("service.name", service))
	return sdk.NewTracerProvider(sdk.WithBatcher(exporter, sdk.WithMaxQueueSize(10000), sdk.WithMaxExportBatchSize(20)),
		sdk.WithResource(resource.NewSchemaless(about...))), nil
}

func halves(at trace.SpanContext) (high, low, span uint64) {
	t, s := at.TraceID(), at.SpanID()
	return binary.BigEndian.Uint64(t[:8]), binary.BigEndian.Uint64(t[8:]), binary.BigEndian.Uint64(s[:])
}

// emit is given the span above by ctx, and returns the context of the new one.
func emit(ctx context.Context, tracer trace.Tracer, service string, i int) (context.Context, told.Span) {
	start, length := told.When(i)
	above := trace.SpanContextFromContext(ctx)
	options := []trace.SpanStartOption{trace.WithTimestamp(start), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithLinks(trace.Link{SpanContext: elsewhere})}
	ctx, span := tracer.Start(ctx, "operation-"+strconv.Itoa(i), options...)
	tags, fields := told.Known(i), []told.Tag{told.Long("number", int64(i)), told.Bool("late", true)}
	span.SetAttributes(attributes(tags)...)
	span.AddEvent("half way", trace.WithTimestamp(start.Add(7*time.Microsecond)),
		trace.WithAttributes(attributes(fields)...))
	span.SetStatus(codes.Error, "all is lost")
	span.End(trace.WithTimestamp(start.Add(length)))

	high, low, id := halves(span.SpanContext())
	one := told.New(service, high, low, id)
	one.Operation, one.Flags = "operation-"+strconv.Itoa(i), uint32(span.SpanContext().TraceFlags())
	one.Start, one.Duration = start.UnixMicro(), length.Microseconds()
	one.Tags = told.Tags(append(tags, told.Text("otel.library.name", "clients"), told.Text("span.kind", "server"),
		told.Bool("error", true), told.Text("otel.status_code", "ERROR"),
		told.Text("otel.status_description", "all is lost")))
	one.Logs = []any{[]any{start.UnixMicro() + 7, told.Tags(append(fields, told.Text("event", "half way")))}}
	one.Process = told.Tags(process)
	high, low, id = halves(elsewhere)
	one.Refer("FOLLOWS_FROM", high, low, id)
	if above.IsValid() {
		high, low, id = halves(above)
		one.Refer("CHILD_OF", high, low, id)
	}
	return ctx, one
}

func run(address, service string, count int) error {
	provider, err := open(address, service)
	if err != nil {
		return err
	}
	out, tracer := json.NewEncoder(os.Stdout), provider.Tracer("clients")
	ctx := context.Background()
	for i := 0; i < count; i++ {
		if i%told.Chain == 0 {
			ctx = context.Background()
		}
		var one told.Span
		ctx, one = emit(ctx, tracer, service, i)
		if err := out.Encode(one); err != nil {
			return err
		}
	}
	return provider.Shutdown(context.Background())
}

func main() { told.Main("otel", run) }
