import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerSpanContext;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.internal.exceptions.SenderException;
import io.jaegertracing.internal.samplers.ConstSampler;
import io.jaegertracing.spi.Reporter;
import io.jaegertracing.thrift.internal.senders.ThriftSender;
import io.jaegertracing.thrift.internal.senders.ThriftSenderBase.ProtocolType;
import io.jaegertracing.thriftjava.Batch;
import io.jaegertracing.thriftjava.Process;
import io.jaegertracing.thriftjava.Span;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Sends K spans with known content by Jaeger's Java client, in traces of five and a record for each trace, to a Kafka
 * topic: a record's value is a bare jaeger.Batch in the binary protocol, without key and headers. Prints what it sent as
 * JSON: [{traceID, spanID, operation, parent, tags: {key: [type, value]}}], and leaves each record's value in a file of
 * DIRECTORY.
 *
 *   java -cp 'lib/*' Send.java BROKERS TOPIC SERVICE K DIRECTORY
 */
public class Send {
  static final int TRACE = 5;
  static final int LARGEST = 1 << 20;

  /** What the client reports goes to Kafka. */
  static class KafkaSender extends ThriftSender {
    private final KafkaProducer<String, byte[]> producer;
    private final String topic;
    private final Path directory;
    private int records;

    KafkaSender(KafkaProducer<String, byte[]> producer, String topic, Path directory) {
      super(ProtocolType.Binary, LARGEST);
      this.producer = producer;
      this.topic = topic;
      this.directory = directory;
    }

    @Override
    public void send(Process process, List<Span> spans) throws SenderException {
      try {
        byte[] value = serialize(new Batch(process, spans));
        producer.send(new ProducerRecord<>(topic, value)).get();
        Files.write(directory.resolve("record." + records++), value);
      } catch (Exception e) {
        throw new SenderException("not sent: " + e, e, spans.size());
      }
    }
  }

  /** A finished span goes to the sender at once: no thread of the client's own decides which spans share a record. */
  static class AtOnce implements Reporter {
    private final KafkaSender sender;

    AtOnce(KafkaSender sender) {
      this.sender = sender;
    }

    @Override
    public void report(JaegerSpan span) {
      try {
        sender.append(span);
      } catch (SenderException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {}
  }

  static Map<String, Object> known(int i) {
    Map<String, Object> tags = new LinkedHashMap<>();
    tags.put("number", (long) i);
    tags.put("large", (1L << 53) + 1 + i);
    tags.put("half", i + 0.5);
    tags.put("even", i % 2 == 0);
    tags.put("text", "span " + i);
    tags.put("ünï", "grüße, 世界 🐟");
    tags.put("empty", "");
    tags.put("quoted", "\"\\\n\t");
    return tags;
  }

  static String quoted(String s) {
    return "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t") + "\"";
  }

  /** Type and value as Jaeger's query API names them; a 64-bit integer is text, which JSON does not round. */
  static String told(Object value) {
    if (value instanceof Long)
      return "[\"int64\", \"" + value + "\"]";
    if (value instanceof Double)
      return "[\"float64\", " + value + "]";
    if (value instanceof Boolean)
      return "[\"bool\", " + value + "]";
    return "[\"string\", " + quoted((String) value) + "]";
  }

  static String told(JaegerSpan span, int i) {
    JaegerSpanContext at = span.context();
    List<String> tags = new ArrayList<>();
    known(i).forEach((key, value) -> tags.add(quoted(key) + ": " + told(value)));
    String parent = at.getParentId() == 0 ? "null" : quoted(Long.toHexString(at.getParentId()));
    return "{\"traceID\": " + quoted(at.getTraceId())
        + ", \"spanID\": " + quoted(Long.toHexString(at.getSpanId()))
        + ", \"operation\": " + quoted("operation-" + i) + ", \"parent\": " + parent
        + ", \"tags\": {" + String.join(", ", tags) + "}}";
  }

  static JaegerSpan emit(JaegerTracer tracer, int i, JaegerSpan above) {
    JaegerTracer.SpanBuilder builder = tracer.buildSpan("operation-" + i);
    if (above != null)
      builder.asChildOf(above);
    JaegerSpan span = builder.start();
    known(i).forEach((key, value) -> {
      if (value instanceof String)
        span.setTag(key, (String) value);
      else if (value instanceof Boolean)
        span.setTag(key, (Boolean) value);
      else
        span.setTag(key, (Number) value);
    });
    Map<String, Object> log = new LinkedHashMap<>();
    log.put("event", "half way");
    log.put("number", (long) i);
    span.log(log);
    span.finish();
    return span;
  }

  public static void main(String[] args) throws Exception {
    Properties p = new Properties();
    p.put("bootstrap.servers", args[0]);
    p.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    p.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    Path directory = Path.of(args[4]);
    List<String> all = new ArrayList<>();
    try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(p)) {
      KafkaSender sender = new KafkaSender(producer, args[1], directory);
      JaegerTracer tracer = new JaegerTracer.Builder(args[2]).withReporter(new AtOnce(sender))
          .withSampler(new ConstSampler(true)).withTag("sender", "Java jaeger-client").build();
      JaegerSpan above = null;
      for (int i = 0; i < Integer.parseInt(args[3]); i++) {
        above = emit(tracer, i, i % TRACE == 0 ? null : above);
        all.add(told(above, i));
        if (i % TRACE == TRACE - 1)
          sender.flush();
      }
      tracer.close();
    }
    System.out.write(("[" + String.join(",\n", all) + "]\n").getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }
}
