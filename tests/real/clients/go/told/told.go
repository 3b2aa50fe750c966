// SPDX-License-Identifier: Apache-2.0

// Package told has a span in the words of clients/compare.py: exact values, and no client's or collector's own type.
package told

import (
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"
	"unicode/utf8"
)

// Span is a line of JSON. Times are in microseconds.
type Span struct {
	Trace      string  `json:"trace"`
	Span       string  `json:"span"`
	Service    any     `json:"service"`
	Process    []any   `json:"process"`
	Operation  any     `json:"operation"`
	References [][]any `json:"references"`
	Flags      uint32  `json:"flags"`
	Start      int64   `json:"start"`
	Duration   int64   `json:"duration"`
	Tags       []any   `json:"tags"`
	Logs       []any   `json:"logs"`
	Also       *Also   `json:"also,omitempty"`
}

// Also names the tags that a client adds by itself.
type Also struct {
	Process []string `json:"process,omitempty"`
	Tags    []string `json:"tags,omitempty"`
}

type notText struct {
	Hex string `json:"hex"`
}

// Tag is a key, the value as a client takes it, and the line's word for its type and value.
type Tag struct {
	Key   string
	Value any
	kind  string
	shown any
}

func Trace(high, low uint64) string { return fmt.Sprintf("%016x%016x", high, low) }
func ID(id uint64) string           { return fmt.Sprintf("%016x", id) }

// String is the text itself, or its bytes where they are not UTF-8.
func String(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return notText{hex.EncodeToString([]byte(s))}
}

func Text(key, v string) Tag       { return Tag{key, v, "STRING", String(v)} }
func Bool(key string, v bool) Tag  { return Tag{key, v, "BOOL", v} }
func Long(key string, v int64) Tag { return Tag{key, v, "INT64", fmt.Sprint(v)} }
func Double(key string, v float64) Tag {
	return Tag{key, v, "FLOAT64", fmt.Sprintf("%016x", math.Float64bits(v))}
}
func Bytes(key string, v []byte) Tag { return Tag{key, v, "BINARY", notText{hex.EncodeToString(v)}} }

func Tags(from []Tag) []any {
	to := []any{}
	for _, t := range from {
		to = append(to, []any{String(t.Key), t.kind, t.shown})
	}
	return to
}

func New(service string, high, low, span uint64) Span {
	return Span{Service: String(service), Trace: Trace(high, low), Span: ID(span), Process: []any{}, References: [][]any{},
		Tags: []any{}, Logs: []any{}, Also: &Also{}}
}

func (s *Span) Refer(kind string, high, low, span uint64) {
	s.References = append(s.References, []any{kind, Trace(high, low), ID(span)})
}

// Chain is how many spans a trace has, each the child of the one before.
const Chain = 5

// Known is what span i carries, of every type that has a value at its edge.
func Known(i int) []Tag {
	return []Tag{
		Long("number", int64(i)), Long("least", math.MinInt64), Long("most", math.MaxInt64), Long("odd", 1<<53+1),
		Double("half", float64(i)+0.5), Double("pi", math.Pi), Double("tiny", math.SmallestNonzeroFloat64),
		Double("huge", math.MaxFloat64), Double("infinite", math.Inf(-1)), Double("none", math.NaN()),
		Bool("even", i%2 == 0), Text("text", "span "+strconv.Itoa(i)), Text("empty", ""),
		Text("ünï", "grüße, 世界 \U0001F41F"), Text("quoted", "\"\\\n\t"), Text("nul", "a\x00b"),
		Text("bad", "a\xff\xfeb\xc3"),
	}
}

// When span i began, and how long it took.
func When(i int) (time.Time, time.Duration) {
	return time.UnixMicro(1700000000000000 + int64(i)*1000003), time.Duration(i%7) * 123457 * time.Microsecond
}

// Main runs a client by its arguments: HOST:PORT SERVICE K.
func Main(name string, run func(address, service string, count int) error) {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, name, "HOST:PORT SERVICE K")
		os.Exit(2)
	}
	count, err := strconv.Atoi(os.Args[3])
	if err == nil {
		err = run(os.Args[1], os.Args[2], count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}
