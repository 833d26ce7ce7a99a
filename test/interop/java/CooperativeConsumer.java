import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads a topic of a group by Kafka's cooperative assignor until its input ends, and says what it is given and what it gives up. */
public class CooperativeConsumer {
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("group.id", "coop");
        properties.put("heartbeat.interval.ms", "200");
        properties.put("session.timeout.ms", "6000");
        properties.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
        properties.put("key.deserializer", StringDeserializer.class.getName());
        properties.put("value.deserializer", StringDeserializer.class.getName());
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties)) {
            consumer.subscribe(List.of("t"), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                    tell("revoked", partitions);
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                    tell("assigned", partitions);
                }

                @Override
                public void onPartitionsLost(Collection<TopicPartition> partitions) {
                    tell("lost", partitions);
                }
            });
            while (System.in.available() == 0) consumer.poll(Duration.ofMillis(50));
        }
    }

    private static void tell(String what, Collection<TopicPartition> partitions) {
        if (partitions.isEmpty()) return;
        StringBuilder line = new StringBuilder(what);
        partitions.stream().mapToInt(TopicPartition::partition).sorted().forEach(p -> line.append(' ').append(p));
        System.out.println(line);
    }
}
