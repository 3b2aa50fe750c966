// SPDX-License-Identifier: Apache-2.0

// stored prints what a Jaeger holds, as its query API gives it over gRPC: a line of JSON for each span, in no order.
// That API hides no repeated span and no value, where the one over HTTP leaves out a span that is stored twice, moves
// times, and cannot say what is not a number.
//
//	stored HOST:PORT SERVICE…     all services without one
//
// A 64-bit integer is decimal text, a double the hexadecimal digits of its bits, bytes and text that is not UTF-8 are
// {"hex": …}, times are in microseconds.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	model "github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"spanspool/clients/told"
)

const (
	patience = 60 * time.Second
	largest  = 64 << 20 // bytes of a message
	most     = 1000000  // traces
)

// The API's messages encode themselves, in a way that gRPC's own codec does not know.
type codec struct{}

func (codec) Name() string { return "proto" }
func (codec) Marshal(v any) ([]byte, error) {
	return v.(interface{ Marshal() ([]byte, error) }).Marshal()
}
func (codec) Unmarshal(data []byte, v any) error {
	return v.(interface{ Unmarshal([]byte) error }).Unmarshal(data)
}

func tag(kv *model.KeyValue) told.Tag {
	switch kv.VType {
	case model.BoolType:
		return told.Bool(kv.Key, kv.VBool)
	case model.Int64Type:
		return told.Long(kv.Key, kv.VInt64)
	case model.Float64Type:
		return told.Double(kv.Key, kv.VFloat64)
	case model.BinaryType:
		return told.Bytes(kv.Key, kv.VBinary)
	}
	return told.Text(kv.Key, kv.VStr)
}

func tags(from []model.KeyValue) []any {
	to := []told.Tag{}
	for i := range from {
		to = append(to, tag(&from[i]))
	}
	return told.Tags(to)
}

func shown(s *model.Span) told.Span {
	to := told.New("", s.TraceID.High, s.TraceID.Low, uint64(s.SpanID))
	to.Also = nil
	to.Operation, to.Flags, to.Tags = told.String(s.OperationName), uint32(s.Flags), tags(s.Tags)
	to.Start, to.Duration = s.StartTime.UnixMicro(), s.Duration.Microseconds()
	if s.Process != nil {
		to.Service, to.Process = told.String(s.Process.ServiceName), tags(s.Process.Tags)
	}
	for _, r := range s.References {
		to.Refer(r.RefType.String(), r.TraceID.High, r.TraceID.Low, uint64(r.SpanID))
	}
	for _, l := range s.Logs {
		to.Logs = append(to.Logs, []any{l.Timestamp.UnixMicro(), tags(l.Fields)})
	}
	return to
}

// Any time that a span may have: the default of the API is none at all.
var always = struct{ from, until time.Time }{time.Unix(-1<<33, 0), time.Unix(1<<37, 0)}

func find(ctx context.Context, api api_v2.QueryServiceClient, service string, seen map[string]bool, out *json.Encoder) error {
	stream, err := api.FindTraces(ctx, &api_v2.FindTracesRequest{Query: &api_v2.TraceQueryParameters{
		ServiceName: service, StartTimeMin: always.from, StartTimeMax: always.until, SearchDepth: most,
	}})
	if err != nil {
		return err
	}
	traces := map[string]bool{}
	for {
		chunk, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for i := range chunk.Spans {
			one := shown(&chunk.Spans[i])
			traces[one.Trace] = true
			if seen[one.Trace] { // a trace of two services comes with each of them
				continue
			}
			if err := out.Encode(one); err != nil {
				return err
			}
		}
	}
	for id := range traces {
		seen[id] = true
	}
	return nil
}

func run(address string, services []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest), grpc.ForceCodec(codec{})))
	if err != nil {
		return err
	}
	defer conn.Close()
	api := api_v2.NewQueryServiceClient(conn)
	if len(services) == 0 {
		all, err := api.GetServices(ctx, &api_v2.GetServicesRequest{})
		if err != nil {
			return err
		}
		services = all.Services
	}
	out, seen := json.NewEncoder(os.Stdout), map[string]bool{}
	out.SetEscapeHTML(false)
	for _, service := range services {
		if err := find(ctx, api, service, seen, out); err != nil {
			return fmt.Errorf("service %q: %w", service, err)
		}
	}
	return nil
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "stored HOST:PORT SERVICE…")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "stored:", err)
		os.Exit(1)
	}
}
