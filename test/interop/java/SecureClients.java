import java.io.FileInputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes and reads for a while: BOOTSTRAP TOPIC SECONDS, and a file of properties that say how to come in. */
public class SecureClients {
  public static void main(String[] given) throws Exception {
    Properties properties = new Properties();
    try (FileInputStream file = new FileInputStream(given[3])) {
      properties.load(file);
    }
    properties.put("bootstrap.servers", given[0]);
    properties.put("max.block.ms", "30000");
    String topic = given[1];
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(given[2]));
    try (Admin admin = Admin.create(properties)) {
      admin.createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.empty()))).all().get();
    }
    int written = 0;
    int read = 0;
    try (KafkaProducer<String, String> producer =
            new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        KafkaConsumer<String, String> consumer =
            new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      do {
        producer.send(new ProducerRecord<>(topic, "record " + written)).get();
        written++;
        while (read < written) read += consumer.poll(Duration.ofSeconds(5)).count();
        Thread.sleep(50);
      } while (System.nanoTime() < end);
    }
    System.out.println("done " + (read == written));
  }
}
