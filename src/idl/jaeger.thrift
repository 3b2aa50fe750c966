# What Jaeger clients send: a Batch is the spans of one Process.
# The wire is that of the public Jaeger IDL. Text is declared binary, which is the same type on the
# wire: generated C keeps its length then, so that an embedded NUL does not end it.

namespace c_glib Jaeger

enum TagType {
  STRING = 0,
  DOUBLE = 1,
  BOOL = 2,
  LONG = 3,
  BINARY = 4
}

# vType says which of the values counts; none need be there.
struct Tag {
  1: required binary key
  2: required TagType vType
  3: optional binary vStr
  4: optional double vDouble
  5: optional bool vBool
  6: optional i64 vLong
  7: optional binary vBinary
}

# timestamp in microseconds since 1970
struct Log {
  1: required i64 timestamp
  2: required list<Tag> fields
}

enum SpanRefType {
  CHILD_OF = 0,
  FOLLOWS_FROM = 1
}

struct SpanRef {
  1: required SpanRefType refType
  2: required i64 traceIdLow
  3: required i64 traceIdHigh
  4: required i64 spanId
}

# parentSpanId is 0 for none; flags: 1 sampled, 2 debug, 8 firehose; times in microseconds
struct Span {
  1: required i64 traceIdLow
  2: required i64 traceIdHigh
  3: required i64 spanId
  4: required i64 parentSpanId
  5: required binary operationName
  6: optional list<SpanRef> references
  7: required i32 flags
  8: required i64 startTime
  9: required i64 duration
  10: optional list<Tag> tags
  11: optional list<Log> logs
}

struct Process {
  1: required binary serviceName
  2: optional list<Tag> tags
}

# What the client itself lost, counted since it began.
struct ClientStats {
  1: required i64 fullQueueDroppedSpans
  2: required i64 tooLargeDroppedSpans
  3: required i64 failedToEmitSpans
}

struct Batch {
  1: required Process process
  2: required list<Span> spans
  3: optional i64 seqNo
  4: optional ClientStats stats
}

struct BatchSubmitResponse {
  1: required bool ok
}

service Collector {
  list<BatchSubmitResponse> submitBatches(1: list<Batch> batches)
}
