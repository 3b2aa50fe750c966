/* SPDX-License-Identifier: Apache-2.0 */
/* oracle.c — batches through the types that the Thrift compiler generates, in both directions. */
#include <gen/agent_agent_types.h>
#include <thrift/c_glib/protocol/thrift_binary_protocol.h>
#include <thrift/c_glib/protocol/thrift_compact_protocol.h>
#include <thrift/c_glib/transport/thrift_memory_buffer.h>

#include "oracle.h"

/* What Thrift's protocols leave behind each time they are made is not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libglib-2.0.so\nleak:libthrift_c_glib.so\n";
}

/* Thrift's memory buffer answers a read at its end with nothing, for ever. This one refuses. */
struct bounded {
	ThriftMemoryBuffer parent;
};
struct bounded_class {
	ThriftMemoryBufferClass parent;
};
typedef struct bounded Bounded;
typedef struct bounded_class BoundedClass;
static GType bounded_get_type(void);
G_DEFINE_TYPE(Bounded, bounded, THRIFT_TYPE_MEMORY_BUFFER)

static gint32 bounded_read(ThriftTransport *transport, gpointer to, guint32 len, GError **error)
{
	ThriftTransportClass *parent = THRIFT_TRANSPORT_CLASS(bounded_parent_class);

	if (THRIFT_MEMORY_BUFFER(transport)->buf->len < len) {
		g_set_error(error, THRIFT_TRANSPORT_ERROR, THRIFT_TRANSPORT_ERROR_RECEIVE, "cut short");
		return -1;
	}
	return parent->read(transport, to, len, error);
}

static void bounded_class_init(BoundedClass *class)
{
	THRIFT_TRANSPORT_CLASS(class)->read = bounded_read;
}

static void bounded_init(Bounded *b)
{
	(void)b;
}

static bool is_message(enum oracle_form form)
{
	return form == ORACLE_COMPACT_MESSAGE || form == ORACLE_BINARY_MESSAGE;
}

enum oracle_form oracle_form_of(struct slice datagram)
{
	return datagram.len > 0 && datagram.at[0] == 0x82 ? ORACLE_COMPACT_MESSAGE : ORACLE_BINARY_MESSAGE;
}

static ThriftProtocol *protocol_on(ThriftMemoryBuffer *memory, enum oracle_form form)
{
	GType type = form == ORACLE_COMPACT_MESSAGE || form == ORACLE_COMPACT_STRUCT ? THRIFT_TYPE_COMPACT_PROTOCOL
	                                                                             : THRIFT_TYPE_BINARY_PROTOCOL;

	return g_object_new(type, "transport", memory, NULL);
}

static int failed(GError *error, struct why *why)
{
	why_set(why, E_MALFORMED, "%s", error != NULL ? error->message : "no reason given");
	g_clear_error(&error);
	return E_MALFORMED;
}

static JaegerBatch *read_message(ThriftProtocol *protocol, GError **error)
{
	g_autoptr(GObject) args = g_object_new(AGENT_TYPE_AGENT_EMIT_BATCH_ARGS, NULL);
	AgentAgentEmitBatchArgs *got = AGENT_AGENT_EMIT_BATCH_ARGS(args);
	g_autofree gchar *name = NULL;
	ThriftMessageType type;
	gint32 sequence;

	if (thrift_protocol_read_message_begin(protocol, &name, &type, &sequence, error) < 0)
		return NULL;
	if (name == NULL || strcmp(name, "emitBatch") != 0)
		return NULL;
	if (thrift_struct_read(THRIFT_STRUCT(got), protocol, error) < 0 || !got->__isset_batch)
		return NULL;
	return g_object_ref(got->batch);
}

JaegerBatch *oracle_decode(struct slice bytes, enum oracle_form form, struct why *why)
{
	g_autoptr(GByteArray) array = g_byte_array_sized_new((guint)bytes.len);
	ThriftMemoryBuffer *memory;
	ThriftProtocol *protocol;
	JaegerBatch *batch;
	GError *error = NULL;

	g_byte_array_append(array, bytes.at, (guint)bytes.len);
	memory = g_object_new(bounded_get_type(), "buf", array, "owner", FALSE, NULL);
	protocol = protocol_on(memory, form);
	if (is_message(form))
		batch = read_message(protocol, &error);
	else {
		batch = g_object_new(JAEGER_TYPE_BATCH, NULL);
		if (thrift_struct_read(THRIFT_STRUCT(batch), protocol, &error) < 0)
			g_clear_object(&batch);
	}
	if (batch == NULL)
		failed(error, why);
	else
		g_clear_error(&error);
	g_object_unref(protocol);
	g_object_unref(memory);
	return batch;
}

static bool write_message(ThriftProtocol *protocol, JaegerBatch *batch, GError **error)
{
	g_autoptr(GObject) args = g_object_new(AGENT_TYPE_AGENT_EMIT_BATCH_ARGS, "batch", batch, NULL);

	return thrift_protocol_write_message_begin(protocol, "emitBatch", T_ONEWAY, 0, error) >= 0 &&
	       thrift_struct_write(THRIFT_STRUCT(args), protocol, error) >= 0 &&
	       thrift_protocol_write_message_end(protocol, error) >= 0;
}

int oracle_encode(JaegerBatch *batch, enum oracle_form form, struct buf *out, struct why *why)
{
	ThriftMemoryBuffer *memory = g_object_new(THRIFT_TYPE_MEMORY_BUFFER, NULL);
	ThriftProtocol *protocol = protocol_on(memory, form);
	GError *error = NULL;
	bool good;
	int rc;

	if (is_message(form))
		good = write_message(protocol, batch, &error);
	else
		good = thrift_struct_write(THRIFT_STRUCT(batch), protocol, &error) >= 0;
	rc = good ? 0 : failed(error, why);
	if (good)
		buf_add(out, memory->buf->data, memory->buf->len);
	g_object_unref(protocol);
	g_object_unref(memory);
	return rc < 0 ? rc : buf_check(out);
}

int oracle_canonical(struct slice bytes, enum oracle_form form, struct buf *out, struct why *why)
{
	JaegerBatch *batch = oracle_decode(bytes, form, why);
	int rc;

	if (batch == NULL)
		return why->code;
	rc = oracle_encode(batch, ORACLE_BINARY_STRUCT, out, why);
	g_object_unref(batch);
	return rc;
}
