// Kafka's own client for tests, driven line by line through standard input. A line is a command and its words, with a space
// between two words. Bytes are in base64; "-" is null and "=" is no bytes. Every command answers one line "done", or "failed"
// and the reason; "read" prints a line for each record before that, and "requests" one with a number. java-client.ts sends the commands.
import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class JavaClient {
  static final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
  static final Map<String, List<Future<RecordMetadata>>> sent = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      try {
        run(line.split(" "));
        System.out.println("done");
      } catch (Exception error) {
        System.out.println("failed " + error.toString().replace('\n', ' '));
      }
    }
    // Producers are not closed: a transaction that is open then stays open.
    Runtime.getRuntime().halt(0);
  }

  static void run(String[] words) throws Exception {
    KafkaProducer<byte[], byte[]> producer = producers.get(words[1]);
    switch (words[0]) {
      case "open" -> {
        Properties properties = properties(words, 2);
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
        producers.put(words[1], producer);
        sent.put(words[1], new ArrayList<>());
        if (properties.containsKey("transactional.id")) producer.initTransactions();
      }
      case "begin" -> producer.beginTransaction();
      case "send" -> {
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(words[2], 0, bytes(words[3]), bytes(words[4]));
        for (int i = 5; i < words.length; i += 2)
          record.headers().add(new String(bytes(words[i]), "UTF-8"), bytes(words[i + 1]));
        sent.get(words[1]).add(producer.send(record));
      }
      case "flush" -> {
        producer.flush();
        for (Future<RecordMetadata> future : sent.get(words[1])) future.get();
        sent.get(words[1]).clear();
      }
      case "commit" -> producer.commitTransaction();
      case "abort" -> producer.abortTransaction();
      case "close" -> producer.close();
      case "read" -> read(words[1], properties(words, 2));
      case "requests" -> System.out.println("record " + requests(words[1]));
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  /** How many requests a broker has got from clients since it started, by its own count. */
  static long requests(String processId) throws Exception {
    VirtualMachine broker = VirtualMachine.attach(processId);
    JMXServiceURL address = new JMXServiceURL(broker.startLocalManagementAgent());
    broker.detach();
    MBeanServerConnection beans = JMXConnectorFactory.connect(address).getMBeanServerConnection();
    ObjectName processors = new ObjectName("kafka.server:type=socket-server-metrics,listener=CLIENT,networkProcessor=*");
    double sum = 0;
    // To the broker's network code, what it receives is a response.
    for (ObjectName name : beans.queryNames(processors, null))
      sum += (Double) beans.getAttribute(name, "response-total");
    return (long) sum;
  }

  /** Prints the records of a topic, up to the end that the topic has now. */
  static void read(String topic, Properties properties) throws Exception {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end)
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          StringBuilder line = new StringBuilder("record ").append(record.offset());
          line.append(' ').append(text(record.key())).append(' ').append(text(record.value()));
          for (Header header : record.headers())
            line.append(' ').append(text(header.key().getBytes("UTF-8"))).append(' ').append(text(header.value()));
          System.out.println(line);
        }
    }
  }

  static Properties properties(String[] words, int from) {
    Properties properties = new Properties();
    for (int i = from; i < words.length; i++) {
      int at = words[i].indexOf('=');
      properties.put(words[i].substring(0, at), words[i].substring(at + 1));
    }
    return properties;
  }

  static byte[] bytes(String word) {
    if (word.equals("-")) return null;
    return word.equals("=") ? new byte[0] : Base64.getDecoder().decode(word);
  }

  static String text(byte[] bytes) {
    if (bytes == null) return "-";
    return bytes.length == 0 ? "=" : Base64.getEncoder().encodeToString(bytes);
  }
}
