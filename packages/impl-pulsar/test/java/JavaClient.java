// Pulsar's own client for tests, driven line by line through standard input. A line is a command and its words, with a space
// between two words. Bytes are in base64; "=" is no bytes. Every command answers one line "done", or "failed" and the reason;
// "flush" and "read" print a line that begins with "record" for each message before that. java-client.ts sends the commands.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pulsar.client.api.Message;
import org.apache.pulsar.client.api.MessageId;
import org.apache.pulsar.client.api.Producer;
import org.apache.pulsar.client.api.PulsarClient;
import org.apache.pulsar.client.api.Reader;
import org.apache.pulsar.client.api.TypedMessageBuilder;

public class JavaClient {
  static final Map<String, Producer<byte[]>> producers = new HashMap<>();
  static final Map<String, List<CompletableFuture<MessageId>>> sent = new HashMap<>();
  static PulsarClient client;

  public static void main(String[] arguments) throws Exception {
    client = PulsarClient.builder().serviceUrl(arguments[0]).build();
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      try {
        run(line.split(" "));
        System.out.println("done");
      } catch (Exception error) {
        System.out.println("failed " + error.toString().replace('\n', ' '));
      }
    }
    Runtime.getRuntime().halt(0);
  }

  static void run(String[] words) throws Exception {
    switch (words[0]) {
      case "open" -> {
        Map<String, Object> settings = new HashMap<>();
        for (int i = 3; i < words.length; i++) {
          int at = words[i].indexOf('=');
          settings.put(words[i].substring(0, at), words[i].substring(at + 1));
        }
        producers.put(words[1], client.newProducer().topic(words[2]).loadConf(settings).create());
        sent.put(words[1], new ArrayList<>());
      }
      case "send" -> {
        TypedMessageBuilder<byte[]> message = producers.get(words[1]).newMessage().value(bytes(words[2]));
        for (int i = 3; i < words.length; i += 2)
          message.property(new String(bytes(words[i]), "UTF-8"), new String(bytes(words[i + 1]), "UTF-8"));
        sent.get(words[1]).add(message.sendAsync());
      }
      case "flush" -> {
        producers.get(words[1]).flush();
        for (CompletableFuture<MessageId> future : sent.get(words[1]))
          System.out.println("record " + text(future.get().toByteArray()));
        sent.get(words[1]).clear();
      }
      case "read" -> read(words[1]);
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  /** Prints the messages of a topic, up to the end that the topic has now. */
  static void read(String topic) throws Exception {
    try (Reader<byte[]> reader =
        client.newReader().topic(topic).startMessageId(MessageId.earliest).create()) {
      while (reader.hasMessageAvailable()) {
        Message<byte[]> message = reader.readNext(30, TimeUnit.SECONDS);
        if (message == null) throw new IllegalStateException("no message in time");
        StringBuilder line = new StringBuilder("record ").append(text(message.getMessageId().toByteArray()));
        line.append(' ').append(text(message.getValue()));
        for (Map.Entry<String, String> property : message.getProperties().entrySet())
          line.append(' ').append(text(property.getKey().getBytes("UTF-8")))
              .append(' ').append(text(property.getValue().getBytes("UTF-8")));
        System.out.println(line);
      }
    }
  }

  static byte[] bytes(String word) {
    return word.equals("=") ? new byte[0] : Base64.getDecoder().decode(word);
  }

  static String text(byte[] bytes) {
    return bytes.length == 0 ? "=" : Base64.getEncoder().encodeToString(bytes);
  }
}
