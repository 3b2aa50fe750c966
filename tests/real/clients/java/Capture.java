import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A collector that answers 202 and leaves the body of each POST in a file of DIRECTORY.
 *
 *   java Capture.java PORT DIRECTORY
 */
public class Capture {
  public static void main(String[] args) throws Exception {
    AtomicInteger posts = new AtomicInteger();
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 0);
    server.createContext("/api/traces", exchange -> {
      byte[] body = exchange.getRequestBody().readAllBytes();
      Files.write(Path.of(args[1], "post." + posts.getAndIncrement()), body);
      exchange.sendResponseHeaders(202, -1);
      exchange.close();
    });
    server.start();
  }
}
