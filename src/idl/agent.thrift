# The two calls that clients make over UDP. Nothing is ever answered.

include "jaeger.thrift"
include "zipkincore.thrift"

namespace c_glib Agent

service Agent {
  oneway void emitZipkinBatch(1: list<zipkincore.Span> spans)
  oneway void emitBatch(1: jaeger.Batch batch)
}
