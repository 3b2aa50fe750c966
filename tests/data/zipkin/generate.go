// SPDX-License-Identifier: Apache-2.0
// Writes cases.bin: random emitZipkinBatch messages and the batches that jaeger-agent's own code makes of them.
//
// To run it: copy the sources of Jaeger 1.62.0, put this file at cmd/zipkincases/main.go in them, and
//
//	go run ./cmd/zipkincases 400 >cases.bin
//
// Each case is: length and bytes of the datagram, number of batches, length and bytes of each; numbers are 32 bits,
// big-endian. The batches are those of spans whose service is known or not: the agent would drop the latter.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"strconv"

	"github.com/apache/thrift/lib/go/thrift"

	sanitizer "github.com/jaegertracing/jaeger/cmd/collector/app/sanitizer/zipkin"
	"github.com/jaegertracing/jaeger/model"
	tojaeger "github.com/jaegertracing/jaeger/model/converter/thrift/jaeger"
	tozipkin "github.com/jaegertracing/jaeger/model/converter/thrift/zipkin"
	"github.com/jaegertracing/jaeger/thrift-gen/agent"
	"github.com/jaegertracing/jaeger/thrift-gen/jaeger"
	"github.com/jaegertracing/jaeger/thrift-gen/zipkincore"
)

var r = rand.New(rand.NewSource(20261130))

func oneIn(n int) bool { return r.Intn(n) == 0 }

func pick(texts ...string) string { return texts[r.Intn(len(texts))] }

func number() int64 {
	switch r.Intn(5) {
	case 0:
		return 0
	case 1:
		return r.Int63() - r.Int63()
	case 2:
		return int64(r.Intn(200)) - 100
	}
	return 1700000000000000 + r.Int63n(1000000)
}

func maybe(n int) *int64 {
	if oneIn(n) {
		return nil
	}
	v := number()
	return &v
}

func host() *zipkincore.Endpoint {
	if oneIn(3) {
		return nil
	}
	e := &zipkincore.Endpoint{ServiceName: pick("", "front", "back", "żółć", "front")}
	if oneIn(2) {
		e.Ipv4 = int32(r.Uint32())
	}
	if oneIn(2) {
		e.Port = int16(r.Uint32())
	}
	if oneIn(4) {
		e.Ipv6 = make([]byte, 16*r.Intn(2))
		r.Read(e.Ipv6)
	}
	return e
}

func annotation() *zipkincore.Annotation {
	value := pick("cs", "cr", "sr", "ss", "cs", "cr", "sr", "ss", "", "ws", "an event", "CS", "café",
		`{"event":"x","a":"b"}`, `{"a":null}`, `{}`, `null`, ` {"k":"v"} `, `{"n":1}`, `{"a":{"b":"c"}}`, `["a"]`,
		`"text"`, `{"a":"b"`, `{"a":"1","a":"2"}`, `nullish`, `{"a":"\u017c\n\u0041"}`, `{"":""}`)
	return &zipkincore.Annotation{Timestamp: number(), Value: value, Host: host()}
}

func value(t zipkincore.AnnotationType) []byte {
	var size int
	switch t {
	case zipkincore.AnnotationType_BOOL:
		return [][]byte{{}, {0}, {1}, {2}, {'1'}, {1, 1}, []byte("true")}[r.Intn(7)]
	case zipkincore.AnnotationType_I16:
		size = 2
	case zipkincore.AnnotationType_I32:
		size = 4
	case zipkincore.AnnotationType_I64, zipkincore.AnnotationType_DOUBLE:
		size = 8
	default:
		return []byte(pick("", "true", "TRUE", "False", "client", "server", "text", "a\x00b", "\xff\xfe", "żółć", "0"))
	}
	if oneIn(4) {
		size += r.Intn(5) - 2
	}
	if oneIn(10) {
		size = 0
	}
	bytes := make([]byte, size)
	r.Read(bytes)
	return bytes
}

func binaryAnnotation() *zipkincore.BinaryAnnotation {
	t := zipkincore.AnnotationType(r.Intn(7))
	if oneIn(20) {
		t = zipkincore.AnnotationType(r.Intn(20) - 5)
	}
	return &zipkincore.BinaryAnnotation{
		Key: pick("k", "k2", "", "lc", "ca", "sa", "ma", "error", "Error", "ERROR", "span.kind", "jaegerClient",
			"jaeger.hostname", "jaeger.version", "ip", "error.message", "http.status_code"),
		AnnotationType: t,
		Value:          value(t),
		Host:           host(),
	}
}

func span() *zipkincore.Span {
	s := &zipkincore.Span{
		TraceID: r.Int63() - r.Int63(), ID: r.Int63() - r.Int63(), Name: pick("", "get", "put", "żółć"),
		Timestamp: maybe(3), Duration: maybe(3), Debug: oneIn(3),
	}
	if oneIn(2) {
		s.ParentID = maybe(4)
	}
	if oneIn(3) {
		s.TraceIDHigh = maybe(4)
	}
	for n := r.Intn(5); n > 0; n-- {
		s.Annotations = append(s.Annotations, annotation())
	}
	for n := r.Intn(6); n > 0; n-- {
		s.BinaryAnnotations = append(s.BinaryAnnotations, binaryAnnotation())
	}
	return s
}

type batch struct {
	process *model.Process
	batch   *jaeger.Batch
}

func processTags(p *model.Process) []*jaeger.Tag {
	span := tojaeger.FromDomainSpan(&model.Span{Tags: p.Tags})
	return span.Tags
}

// The times of the domain model lose what does not fit into them; those of the cases do, but for random numbers.
func fits(s *zipkincore.Span) bool {
	times := []int64{s.GetTimestamp(), s.GetDuration()}
	for _, a := range s.Annotations {
		times = append(times, a.Timestamp)
	}
	for _, t := range times {
		if t < -1000 || t > 1800000000000000 {
			return false
		}
	}
	return true
}

func convert(spans []*zipkincore.Span) []batch {
	var all []batch
	chain := sanitizer.NewChainedSanitizer(sanitizer.NewStandardSanitizers()...)
	for _, z := range spans {
		converted, _ := tozipkin.ToDomainSpan(chain.Sanitize(z))
		for _, s := range converted {
			at := -1
			for i := range all {
				if all[i].process.Equal(s.Process) {
					at = i
				}
			}
			if at < 0 {
				at = len(all)
				p := &jaeger.Process{ServiceName: s.Process.ServiceName, Tags: processTags(s.Process)}
				all = append(all, batch{s.Process, &jaeger.Batch{Process: p}})
			}
			all[at].batch.Spans = append(all[at].batch.Spans, tojaeger.FromDomainSpan(s))
		}
	}
	return all
}

func protocol(m *thrift.TMemoryBuffer) thrift.TProtocol {
	off, on := false, true
	switch r.Intn(3) {
	case 0:
		return thrift.NewTBinaryProtocolConf(m, &thrift.TConfiguration{TBinaryStrictRead: &on, TBinaryStrictWrite: &on})
	case 1:
		return thrift.NewTBinaryProtocolConf(m, &thrift.TConfiguration{TBinaryStrictRead: &off, TBinaryStrictWrite: &off})
	}
	return thrift.NewTCompactProtocolConf(m, nil)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func datagram(spans []*zipkincore.Span) []byte {
	ctx := context.Background()
	m := thrift.NewTMemoryBuffer()
	p := protocol(m)
	must(p.WriteMessageBegin(ctx, "emitZipkinBatch", thrift.ONEWAY, r.Int31()))
	must((&agent.AgentEmitZipkinBatchArgs{Spans: spans}).Write(ctx, p))
	must(p.WriteMessageEnd(ctx))
	must(p.Flush(ctx))
	return m.Bytes()
}

func put(out *bytes.Buffer, b []byte) {
	must(binary.Write(out, binary.BigEndian, uint32(len(b))))
	out.Write(b)
}

func main() {
	count, err := strconv.Atoi(os.Args[1])
	must(err)
	var out bytes.Buffer
	for ; count > 0; count-- {
		var spans []*zipkincore.Span
		for n := 1 + r.Intn(6); len(spans) < n; {
			if s := span(); fits(s) {
				spans = append(spans, s)
			}
		}
		put(&out, datagram(spans))
		all := convert(spans)
		must(binary.Write(&out, binary.BigEndian, uint32(len(all))))
		for _, b := range all {
			m := thrift.NewTMemoryBuffer()
			must(b.batch.Write(context.Background(), thrift.NewTBinaryProtocolConf(m, nil)))
			put(&out, m.Bytes())
		}
	}
	_, err = os.Stdout.Write(out.Bytes())
	must(err)
}
