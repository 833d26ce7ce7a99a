import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.*;

/**
 * Kafka's own share consumers (KIP-932) while their broker comes and goes: two members of a group accept what a producer
 * writes, and release some of it once. Prints "sent PLACE" for each record that the broker has, "got PLACE" for each delivery, "kept PLACE"
 * for each record whose acceptance the broker has told, and "done" once all that was sent was given and nothing is left to give:
 * the answer to an acceptance may be lost with the broker.
 * Run as {@code java -cp "LIB/*" ShareConsumers.java HOST:PORT RECORDS SECONDS}; the exit code is 1 where the time runs out.
 */
public class ShareConsumers {
    static final Set<String> sent = ConcurrentHashMap.newKeySet();
    static final Set<String> got = ConcurrentHashMap.newKeySet();
    static volatile boolean allSent, isDone;

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        int count = Integer.parseInt(arguments[1]);
        long deadline = System.nanoTime() + Long.parseLong(arguments[2]) * 1_000_000_000L;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic("shared", 3, (short) 1))).all().get();
            List<AlterConfigOp> changes = new ArrayList<>();
            Map.of("share.auto.offset.reset", "earliest", "share.record.lock.duration.ms", "2000", "share.delivery.count.limit", "10")
                .forEach((name, value) -> changes.add(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)));
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.GROUP, "sharers"), changes)).all().get();
        }
        say("ready");
        List<Thread> threads = List.of(new Thread(() -> consume(bootstrap)), new Thread(() -> consume(bootstrap)), new Thread(() -> produce(bootstrap, count)));
        threads.forEach(Thread::start);
        boolean isComplete = false;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            while (!isComplete && System.nanoTime() < deadline) {
                Thread.sleep(200);
                isComplete = allSent && got.containsAll(sent) && isNothingLeft(admin);
            }
        }
        // Whoever would be given a record once more would be given it by now.
        if (isComplete) Thread.sleep(3000);
        isDone = true;
        for (Thread thread : threads) thread.join(20_000);
        if (isComplete) say("done");
        else say("missing " + sent.stream().filter(place -> !got.contains(place)).limit(20).toList());
        System.exit(isComplete ? 0 : 1);
    }

    static boolean isNothingLeft(Admin admin) throws InterruptedException {
        try {
            var offsets = admin.listShareGroupOffsets(Map.of("sharers", new ListShareGroupOffsetsSpec())).partitionsToOffsetInfo("sharers").get();
            return offsets.size() == 3 && offsets.values().stream().allMatch(info -> info.lag().orElse(-1L) == 0);
        } catch (ExecutionException away) {
            return false;
        }
    }

    static void say(String line) {
        synchronized (System.out) { System.out.println(line); }
    }

    static void produce(String bootstrap, int count) {
        Map<String, Object> configs = Map.of("bootstrap.servers", bootstrap, "acks", "all", "delivery.timeout.ms", 120_000, "linger.ms", 5);
        try (var producer = new KafkaProducer<>(configs, new StringSerializer(), new StringSerializer())) {
            for (int index = 0; index < count && !isDone; index++) {
                producer.send(new ProducerRecord<>("shared", "k" + index, "v" + index), (metadata, failure) -> {
                    if (failure != null) return;
                    String place = metadata.partition() + ":" + metadata.offset();
                    sent.add(place);
                    say("sent " + place);
                });
                if (index % 50 == 49) Thread.sleep(50);
            }
            producer.flush();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
        allSent = true;
    }

    static void consume(String bootstrap) {
        Map<String, Object> configs = Map.of("bootstrap.servers", bootstrap, "group.id", "sharers", "share.acknowledgement.mode", "explicit", "max.poll.records", 200);
        try (var consumer = new KafkaShareConsumer<>(configs, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of("shared"));
            while (!isDone) {
                try {
                    Map<TopicIdPartition, List<String>> accepted = new HashMap<>();
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                        String place = record.partition() + ":" + record.offset();
                        got.add(place);
                        say("got " + place);
                        boolean isReleased = record.offset() % 7 == 3 && record.deliveryCount().orElse((short) 1) == 1;
                        consumer.acknowledge(record, isReleased ? AcknowledgeType.RELEASE : AcknowledgeType.ACCEPT);
                        if (!isReleased) accepted.computeIfAbsent(new TopicIdPartition(Uuid.ZERO_UUID, record.partition(), record.topic()), key -> new ArrayList<>()).add(place);
                    }
                    consumer.commitSync(Duration.ofSeconds(5)).forEach((partition, failure) -> {
                        if (failure.isPresent()) return;
                        accepted.forEach((key, places) -> {
                            if (key.partition() != partition.partition()) return;
                            for (String place : places) say("kept " + place);
                        });
                    });
                } catch (KafkaException | IllegalStateException away) {
                    // The broker is away; what was acquired comes again.
                }
            }
        }
    }
}
