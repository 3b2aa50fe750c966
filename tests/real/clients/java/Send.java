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
 * topic: a record's value is a bare jaeger.Batch in the binary protocol, without key and headers. Prints what it sent, a
 * line of JSON for each span as go/stored prints them (see compare.py for "also"), and leaves each record's value in a
 * file of DIRECTORY.
 *
 *   java -cp 'lib/*' Send.java BROKERS TOPIC SERVICE K DIRECTORY
 */
public class Send {
  static final int TRACE = 5;
  static final int LARGEST = 1 << 20;
  static final String SENDER = "Java jaeger-client";

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
    tags.put("least", Long.MIN_VALUE);
    tags.put("most", Long.MAX_VALUE);
    tags.put("odd", (1L << 53) + 1);
    tags.put("half", i + 0.5);
    tags.put("tiny", Double.MIN_VALUE);
    tags.put("huge", Double.MAX_VALUE);
    tags.put("infinite", Double.NEGATIVE_INFINITY);
    tags.put("none", Double.NaN);
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

  static String told(String key, Object value) {
    String type = "STRING", text;
    if (value instanceof Long) {
      type = "INT64";
      text = quoted(value.toString());
    } else if (value instanceof Double) {
      type = "FLOAT64";
      text = quoted(String.format("%016x", Double.doubleToRawLongBits((Double) value)));
    } else if (value instanceof Boolean) {
      type = "BOOL";
      text = value.toString();
    } else {
      text = quoted((String) value);
    }
    return "[" + quoted(key) + ", " + quoted(type) + ", " + text + "]";
  }

  static String told(Map<String, ?> tags) {
    List<String> all = new ArrayList<>();
    tags.forEach((key, value) -> all.add(told(key, value)));
    return "[" + String.join(", ", all) + "]";
  }

  static String padded(String hex, int digits) {
    return quoted("0".repeat(digits - hex.length()) + hex);
  }

  static long start(int i) {
    return 1700000000000000L + i * 1000003L;
  }

  static long length(int i) {
    return i % 7 * 123457L;
  }

  static Map<String, Object> fields(int i) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("event", "half way");
    fields.put("number", (long) i);
    return fields;
  }

  static String told(String service, JaegerSpan span, int i) {
    JaegerSpanContext at = span.context();
    String trace = padded(at.getTraceId(), 32);
    boolean first = at.getParentId() == 0;
    return "{\"trace\": " + trace + ", \"span\": " + padded(Long.toHexString(at.getSpanId()), 16)
        + ", \"service\": " + quoted(service) + ", \"process\": " + told(Map.of("sender", SENDER))
        + ", \"operation\": " + quoted("operation-" + i) + ", \"references\": ["
        + (first ? "" : "[\"CHILD_OF\", " + trace + ", " + padded(Long.toHexString(at.getParentId()), 16) + "]")
        + "], \"flags\": " + at.getFlags() + ", \"start\": " + start(i) + ", \"duration\": " + length(i)
        + ", \"tags\": " + told(known(i)) + ", \"logs\": [[" + (start(i) + 7) + ", " + told(fields(i))
        + "]], \"also\": {\"process\": [\"hostname\", \"ip\", \"jaeger.version\"], \"tags\": ["
        + (first ? "\"sampler.type\", \"sampler.param\"" : "") + "]}}\n";
  }

  static JaegerSpan emit(JaegerTracer tracer, int i, JaegerSpan above) {
    JaegerTracer.SpanBuilder builder = tracer.buildSpan("operation-" + i).withStartTimestamp(start(i));
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
    span.log(start(i) + 7, fields(i));
    span.finish(start(i) + length(i));
    return span;
  }

  public static void main(String[] args) throws Exception {
    Properties p = new Properties();
    p.put("bootstrap.servers", args[0]);
    p.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    p.put("value.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer");
    Path directory = Path.of(args[4]);
    StringBuilder all = new StringBuilder();
    try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(p)) {
      KafkaSender sender = new KafkaSender(producer, args[1], directory);
      JaegerTracer tracer = new JaegerTracer.Builder(args[2]).withReporter(new AtOnce(sender))
          .withSampler(new ConstSampler(true)).withTag("sender", SENDER).withTraceId128Bit().build();
      JaegerSpan above = null;
      for (int i = 0; i < Integer.parseInt(args[3]); i++) {
        above = emit(tracer, i, i % TRACE == 0 ? null : above);
        all.append(told(args[2], above, i));
        if (i % TRACE == TRACE - 1)
          sender.flush();
      }
      tracer.close();
    }
    System.out.write(all.toString().getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }
}
