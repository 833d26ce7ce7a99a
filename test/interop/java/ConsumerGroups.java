import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;

/**
 * What Kafka's own consumer does in the consumer group protocol (KIP-848): each check prints "ok NAME", or "FAILED NAME" and why.
 * Run as {@code java -cp "LIB/*" ConsumerGroups.java HOST:PORT}; the exit code is the number of failures.
 */
public class ConsumerGroups {
    interface Check { void run() throws Exception; }

    static final String run = Long.toString(System.nanoTime(), 36);
    static String bootstrap;
    static Admin admin;
    static int failures;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
        for (String assignor : List.of("uniform", "range"))
            one("two members share partitions with " + assignor + ", and hand over", () -> handOver(assignor));
        one("a pattern of RE2 finds topics", ConsumerGroups::pattern);
        one("a static member comes back to its partitions", ConsumerGroups::staticMember);
        one("a group is described and deleted", ConsumerGroups::described);
        one("consume, transform, produce: offsets are part of the transaction", ConsumerGroups::transaction);
        one("members of both protocols share a group, while it is migrated and back", ConsumerGroups::migration);
        System.exit(failures);
    }

    static void one(String name, Check check) {
        try {
            check.run();
            System.out.println("ok " + name);
        } catch (Throwable failure) {
            failures++;
            System.out.println("FAILED " + name + ": " + failure);
            for (StackTraceElement at : failure.getStackTrace())
                if (at.getClassName().startsWith("ConsumerGroups")) System.out.println("    " + at);
        }
    }

    static void equal(Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) throw new AssertionError("expected " + expected + ", got " + actual);
    }

    static String topic(String name, int partitions) throws Exception {
        String full = name + "-" + run;
        admin.createTopics(List.of(new NewTopic(full, partitions, (short) 1))).all().get();
        return full;
    }

    static void produce(String topic, int partitions, int from, int count) {
        var properties = Map.<String, Object>of("bootstrap.servers", bootstrap);
        try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int i = from; i < from + count; i++)
                producer.send(new ProducerRecord<>(topic, i % partitions, null, "v" + i));
        }
    }

    static KafkaConsumer<String, String> consumer(String group, Object... more) {
        Map<String, Object> properties = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrap, "group.id", group + "-" + run, "group.protocol", "consumer",
            "auto.offset.reset", "earliest", "enable.auto.commit", "false"));
        for (int i = 0; i < more.length; i += 2) properties.put((String) more[i], more[i + 1]);
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    /** Polls all in turn until it holds. */
    @SafeVarargs
    static List<String> pollUntil(Callable<Boolean> holds, List<String> seen, KafkaConsumer<String, String>... consumers) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!holds.call()) {
            if (System.nanoTime() > deadline)
                throw new AssertionError("too late: " + seen.size() + " records, " + Arrays.stream(consumers).map(KafkaConsumer::assignment).toList());
            for (var consumer : consumers)
                for (var record : consumer.poll(Duration.ofMillis(100))) seen.add(record.value());
        }
        return seen;
    }

    static void handOver(String assignor) throws Exception {
        String topic = topic("shared-" + assignor, 4);
        produce(topic, 4, 0, 100);
        List<String> seen = new ArrayList<>();
        try (var first = consumer("g-" + assignor, "group.remote.assignor", assignor)) {
            first.subscribe(List.of(topic));
            pollUntil(() -> seen.size() == 100, seen, first);
            first.commitSync();
            try (var second = consumer("g-" + assignor, "group.remote.assignor", assignor)) {
                second.subscribe(List.of(topic));
                pollUntil(() -> first.assignment().size() == 2 && second.assignment().size() == 2, seen, first, second);
                produce(topic, 4, 100, 100);
                pollUntil(() -> seen.size() == 200, seen, first, second);
                first.commitSync();
                second.commitSync();
            }
            pollUntil(() -> first.assignment().size() == 4, seen, first);
            produce(topic, 4, 200, 100);
            pollUntil(() -> seen.size() == 300, seen, first);
        }
        equal(300, new HashSet<>(seen).size());
    }

    static void pattern() throws Exception {
        String topic = topic("logs-a", 1);
        topic("other-logs-a", 1);
        produce(topic, 1, 0, 10);
        List<String> seen = new ArrayList<>();
        try (var consumer = consumer("g-pattern")) {
            consumer.subscribe(new SubscriptionPattern("logs-.*-" + run));
            pollUntil(() -> seen.size() == 10, seen, consumer);
            equal(Set.of(new TopicPartition(topic, 0)), consumer.assignment());
        }
    }

    static void staticMember() throws Exception {
        String topic = topic("seats", 4);
        List<String> seen = new ArrayList<>();
        try (var other = consumer("g-static")) {
            other.subscribe(List.of(topic));
            Set<TopicPartition> before;
            try (var seated = consumer("g-static", "group.instance.id", "seat")) {
                seated.subscribe(List.of(topic));
                pollUntil(() -> seated.assignment().size() == 2 && other.assignment().size() == 2, seen, seated, other);
                before = Set.copyOf(seated.assignment());
            }
            try (var again = consumer("g-static", "group.instance.id", "seat")) {
                again.subscribe(List.of(topic));
                pollUntil(() -> again.assignment().size() == 2, seen, again, other);
                equal(before, again.assignment());
                equal(2, other.assignment().size());
            }
        }
    }

    static void described() throws Exception {
        String topic = topic("described", 2);
        String group = "g-described-" + run;
        List<String> seen = new ArrayList<>();
        try (var consumer = consumer("g-described")) {
            consumer.subscribe(List.of(topic));
            produce(topic, 2, 0, 4);
            pollUntil(() -> seen.size() == 4, seen, consumer);
            consumer.commitSync();
            var described = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
            equal(GroupType.CONSUMER, described.type());
            equal(2, described.members().iterator().next().assignment().topicPartitions().size());
            equal("uniform", described.partitionAssignor());
            var listed = admin.listGroups(ListGroupsOptions.forConsumerGroups()).all().get();
            equal(1L, listed.stream().filter(one -> one.groupId().equals(group)).count());
        }
        equal(2, admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().size());
        admin.deleteConsumerGroups(List.of(group)).all().get();
    }

    static void transaction() throws Exception {
        String in = topic("in", 1), out = topic("out", 1);
        produce(in, 1, 0, 10);
        List<String> seen = new ArrayList<>();
        var properties = Map.<String, Object>of("bootstrap.servers", bootstrap, "transactional.id", "tx-" + run);
        try (var consumer = consumer("g-tx");
             var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            consumer.subscribe(List.of(in));
            pollUntil(() -> seen.size() == 10, seen, consumer);
            producer.beginTransaction();
            for (String value : seen) producer.send(new ProducerRecord<>(out, value));
            producer.sendOffsetsToTransaction(Map.of(new TopicPartition(in, 0), new OffsetAndMetadata(10)), consumer.groupMetadata());
            producer.commitTransaction();
            equal(10L, consumer.committed(Set.of(new TopicPartition(in, 0))).get(new TopicPartition(in, 0)).offset());
        }
    }

    static void migration() throws Exception {
        String topic = topic("migrated", 4);
        List<String> seen = new ArrayList<>();
        String[] soon = {"group.protocol", "classic", "heartbeat.interval.ms", "500"};
        try (var classic = consumer("g-migrated", (Object[]) soon)) {
            classic.subscribe(List.of(topic));
            pollUntil(() -> classic.assignment().size() == 4, seen, classic);
            try (var modern = consumer("g-migrated")) {
                modern.subscribe(List.of(topic));
                pollUntil(() -> classic.assignment().size() == 2 && modern.assignment().size() == 2, seen, classic, modern);
                produce(topic, 4, 0, 40);
                pollUntil(() -> seen.size() == 40, seen, classic, modern);
                classic.commitSync();
                modern.commitSync();
            }
            pollUntil(() -> classic.assignment().size() == 4, seen, classic);
            produce(topic, 4, 40, 40);
            pollUntil(() -> seen.size() == 80, seen, classic);
        }
        equal(80, new HashSet<>(seen).size());
    }
}
