// SPDX-License-Identifier: Apache-2.0

// sample is an unchanged jaeger-client-go with a remote sampler: it starts spans until its sampler takes all of them, or
// none, as asked, and ends with 0; with 1 when that has not come about in 30 s.
//
//	sample HOST:PORT SERVICE all|none
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/uber/jaeger-client-go"
)

const (
	spans  = 200
	every  = 100 * time.Millisecond
	giveUp = 30 * time.Second
)

// sampled starts spans of an operation of its own in each round.
func sampled(sampler *jaeger.RemotelyControlledSampler, service string, round int) int {
	tracer, closer := jaeger.NewTracer(service, sampler, jaeger.NewNullReporter())
	_ = closer // it would close the sampler
	n := 0
	for i := 0; i < spans; i++ {
		at := tracer.StartSpan(fmt.Sprintf("operation-%d", round)).Context().(jaeger.SpanContext)
		if at.IsSampled() {
			n++
		}
	}
	return n
}

func main() {
	if len(os.Args) != 4 || (os.Args[3] != "all" && os.Args[3] != "none") {
		fmt.Fprintln(os.Stderr, "sample HOST:PORT SERVICE all|none")
		os.Exit(2)
	}
	service, want := os.Args[2], 0
	if os.Args[3] == "all" {
		want = spans
	}
	// Until the first answer the client samples by itself, and the opposite of what is asked.
	sampler := jaeger.NewRemotelyControlledSampler(service,
		jaeger.SamplerOptions.SamplingServerURL("http://"+os.Args[1]+"/sampling"),
		jaeger.SamplerOptions.SamplingRefreshInterval(every),
		jaeger.SamplerOptions.InitialSampler(jaeger.NewConstSampler(want == 0)))
	defer sampler.Close()
	n, began := -1, time.Now()
	for round := 0; n != want && time.Since(began) < giveUp; round++ {
		time.Sleep(every)
		n = sampled(sampler, service, round)
	}
	fmt.Printf("%d of %d sampled\n", n, spans)
	if n != want {
		os.Exit(1)
	}
}
