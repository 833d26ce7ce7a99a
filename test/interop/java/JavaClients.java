import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

/**
 * What a Java program does with a cluster, through Kafka's own clients: each check prints "ok NAME", or "FAILED NAME" and why.
 * Run as {@code java -cp "LIB/*" JavaClients.java HOST:PORT}; the exit code is the number of failures.
 */
public class JavaClients {
    interface Check { void run() throws Exception; }

    static String bootstrap;
    static final String run = Long.toString(System.nanoTime(), 36);
    static int failures;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        Map<String, Check> checks = new LinkedHashMap<>();
        checks.put("topics are made, described, listed, grown and deleted", JavaClients::topics);
        checks.put("configs are described and changed", JavaClients::configs);
        checks.put("an idempotent producer's records come in order, with headers", JavaClients::idempotent);
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd"))
            checks.put("records compressed with " + codec + " come back", () -> compressed(codec));
        checks.put("a record too large is refused", JavaClients::tooLarge);
        checks.put("committed transactions are seen, aborted ones are not", JavaClients::transactions);
        checks.put("a second producer of the same transactional id fences the first", JavaClients::fencing);
        checks.put("consume, transform, produce: offsets are part of the transaction", JavaClients::exactlyOnce);
        checks.put("a group of two shares its partitions, and hands over", JavaClients::handOver);
        checks.put("cooperative members keep what stays theirs", JavaClients::cooperative);
        checks.put("a static member comes back to its partitions", JavaClients::staticMember);
        checks.put("offsets for times, beginning and end", JavaClients::offsetsForTimes);
        checks.put("seek, pause, resume, position", JavaClients::seek);
        checks.put("no committed offset: earliest, latest, none", JavaClients::resetPolicies);
        checks.put("a pattern finds topics that come later", JavaClients::pattern);
        checks.put("records are deleted, and a reader goes on at the new start", JavaClients::deleteRecords);
        checks.put("groups are listed, described, their offsets changed, deleted", JavaClients::groups);
        checks.put("transactions and producers are listed and described", JavaClients::describeTransactions);
        checks.put("list offsets by every specification", JavaClients::listOffsets);
        checks.put("the cluster is described", JavaClients::cluster);
        checks.put("errors are Kafka's", JavaClients::errors);
        for (var check : checks.entrySet()) one(check.getKey(), check.getValue());
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
                if (at.getClassName().startsWith("JavaClients")) System.out.println("    " + at);
        }
    }

    // Small words of the checks.

    static void equal(Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) throw new AssertionError("expected " + expected + ", got " + actual);
    }

    static <E extends Throwable> void fails(Class<E> kind, Callable<?> call) throws Exception {
        Throwable failure = null;
        try { call.call(); } catch (Throwable thrown) { failure = thrown; }
        while (failure instanceof ExecutionException) failure = failure.getCause();
        if (failure instanceof KafkaException wrapped && !kind.isInstance(failure) && wrapped.getCause() != null) failure = wrapped.getCause();
        if (!kind.isInstance(failure)) throw new AssertionError("expected " + kind.getSimpleName() + ", got " + failure);
    }

    static void eventually(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!isTrue(condition)) {
            if (System.nanoTime() > deadline) throw new AssertionError("waited 30 s for " + what);
            Thread.sleep(20);
        }
    }

    /** What is new may not be known yet to the broker that is asked. */
    static boolean isTrue(Callable<Boolean> condition) throws Exception {
        try {
            return condition.call();
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RetriableException) return false;
            throw failure;
        }
    }

    static Map<String, Object> with(Object... pairs) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", bootstrap);
        for (int at = 0; at < pairs.length; at += 2) properties.put((String) pairs[at], pairs[at + 1]);
        return properties;
    }

    static Admin admin() { return Admin.create(with()); }

    static KafkaProducer<String, String> producer(Object... pairs) {
        return new KafkaProducer<>(with(pairs), new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(Object... pairs) {
        Map<String, Object> properties = with(pairs);
        properties.putIfAbsent("auto.offset.reset", "earliest");
        properties.putIfAbsent("enable.auto.commit", "false");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    static String topic(String name, int partitions, Map<String, String> configs) throws Exception {
        String full = name + "-" + run;
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(full, partitions, (short) 1).configs(configs))).all().get();
            eventually("leaders of " + full, () -> admin.describeTopics(List.of(full)).allTopicNames().get().get(full)
                .partitions().stream().allMatch(partition -> partition.leader() != null && !partition.leader().isEmpty()));
            // Named as the leader is not yet ready: Kafka's broker learns of it a moment later.
            Map<TopicPartition, OffsetSpec> all = IntStream.range(0, partitions).boxed()
                .collect(Collectors.toMap(partition -> new TopicPartition(full, partition), partition -> OffsetSpec.latest()));
            admin.listOffsets(all).all().get();
        }
        return full;
    }

    static String topic(String name, int partitions) throws Exception { return topic(name, partitions, Map.of()); }

    static void send(String topic, int count) throws Exception {
        try (var producer = producer()) {
            for (int at = 0; at < count; at++) producer.send(new ProducerRecord<>(topic, "k" + at % 7, "v" + at));
        }
    }

    static List<ConsumerRecord<String, String>> read(KafkaConsumer<String, String> consumer, int count) throws Exception {
        List<ConsumerRecord<String, String>> found = new ArrayList<>();
        eventually(count + " records", () -> {
            consumer.poll(Duration.ofMillis(100)).forEach(found::add);
            return found.size() >= count;
        });
        return found;
    }

    static List<ConsumerRecord<String, String>> readAll(String topic, int count, String isolation) throws Exception {
        try (var consumer = consumer("isolation.level", isolation)) {
            consumer.assign(partitionsOf(consumer, topic));
            consumer.seekToBeginning(consumer.assignment());
            return read(consumer, count);
        }
    }

    static List<TopicPartition> partitionsOf(KafkaConsumer<?, ?> consumer, String topic) {
        return consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList();
    }

    // Topics and configs.

    static void topics() throws Exception {
        String name = topic("topics", 3, Map.of("retention.ms", "123456"));
        try (Admin admin = admin()) {
            equal(true, admin.listTopics().names().get().contains(name));
            TopicDescription described = admin.describeTopics(List.of(name)).allTopicNames().get().get(name);
            equal(3, described.partitions().size());
            equal(described.topicId(), admin.describeTopics(TopicCollection.ofTopicIds(List.of(described.topicId())))
                .allTopicIds().get().get(described.topicId()).topicId());
            admin.createPartitions(Map.of(name, NewPartitions.increaseTo(5))).all().get();
            eventually("five partitions", () -> admin.describeTopics(List.of(name)).allTopicNames().get().get(name).partitions().size() == 5);
            fails(InvalidPartitionsException.class, () -> admin.createPartitions(Map.of(name, NewPartitions.increaseTo(2))).all().get());
            admin.deleteTopics(TopicCollection.ofTopicIds(List.of(described.topicId()))).all().get();
            eventually("the topic to go", () -> !admin.listTopics().names().get().contains(name));
        }
    }

    static void configs() throws Exception {
        String name = topic("configs", 1, Map.of("cleanup.policy", "compact"));
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
        try (Admin admin = admin()) {
            equal("compact", admin.describeConfigs(List.of(resource)).all().get().get(resource).get("cleanup.policy").value());
            admin.incrementalAlterConfigs(Map.of(resource, List.of(
                new AlterConfigOp(new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.APPEND),
                new AlterConfigOp(new ConfigEntry("retention.ms", "5000"), AlterConfigOp.OpType.SET)))).all().get();
            eventually("the change", () -> {
                Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
                return config.get("cleanup.policy").value().equals("compact,delete") && config.get("retention.ms").value().equals("5000");
            });
            fails(InvalidConfigurationException.class, () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(
                new AlterConfigOp(new ConfigEntry("segment.bytes", "many"), AlterConfigOp.OpType.SET)))).all().get());
            Config withSynonyms = admin.describeConfigs(List.of(resource), new DescribeConfigsOptions().includeSynonyms(true)).all().get().get(resource);
            equal(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, withSynonyms.get("retention.ms").source());
            equal(2, withSynonyms.get("cleanup.policy").synonyms().size());
        }
    }

    // Producers.

    static void idempotent() throws Exception {
        String name = topic("idempotent", 1);
        try (var producer = producer("enable.idempotence", "true", "max.in.flight.requests.per.connection", "5", "linger.ms", "1")) {
            for (int at = 0; at < 5000; at++) {
                var record = new ProducerRecord<String, String>(name, null, 1000L + at, "k", "v" + at);
                record.headers().add(new RecordHeader("h", ("a" + at).getBytes(StandardCharsets.UTF_8))).add(new RecordHeader("h", null));
                producer.send(record);
            }
        }
        var records = readAll(name, 5000, "read_uncommitted");
        for (int at = 0; at < 5000; at++) {
            var record = records.get(at);
            equal("v" + at, record.value());
            equal((long) at, record.offset());
            equal(1000L + at, record.timestamp());
            equal(2, record.headers().toArray().length);
            equal(null, record.headers().lastHeader("h").value());
        }
    }

    static void compressed(String codec) throws Exception {
        String name = topic("compressed-" + codec, 2);
        try (var producer = producer("compression.type", codec, "linger.ms", "5")) {
            for (int at = 0; at < 3000; at++) producer.send(new ProducerRecord<>(name, "k" + at, "value ".repeat(20) + at));
        }
        equal(3000, readAll(name, 3000, "read_committed").stream().map(ConsumerRecord::key).collect(Collectors.toSet()).size());
    }

    static void tooLarge() throws Exception {
        String name = topic("small", 1, Map.of("max.message.bytes", "2000"));
        try (var producer = producer("max.request.size", "10000000")) {
            fails(RecordTooLargeException.class, () -> producer.send(new ProducerRecord<>(name, "k", "x".repeat(5000))).get());
            producer.send(new ProducerRecord<>(name, "k", "fits")).get();
        }
    }

    // Transactions.

    static void transactions() throws Exception {
        String name = topic("transactions", 2);
        try (var producer = producer("transactional.id", "t-" + run)) {
            producer.initTransactions();
            for (int round = 0; round < 10; round++) {
                producer.beginTransaction();
                for (int at = 0; at < 20; at++) producer.send(new ProducerRecord<>(name, "k" + at, (round % 2 == 0 ? "yes" : "no") + round + "-" + at));
                producer.flush();
                if (round % 2 == 0) producer.commitTransaction(); else producer.abortTransaction();
            }
        }
        var committed = readAll(name, 100, "read_committed");
        equal(100, committed.size());
        equal(true, committed.stream().allMatch(record -> record.value().startsWith("yes")));
        equal(200, readAll(name, 200, "read_uncommitted").size());
    }

    static void fencing() throws Exception {
        String name = topic("fencing", 1);
        try (var first = producer("transactional.id", "f-" + run); var second = producer("transactional.id", "f-" + run)) {
            first.initTransactions();
            first.beginTransaction();
            first.send(new ProducerRecord<>(name, "k", "lost")).get();
            second.initTransactions();
            second.beginTransaction();
            second.send(new ProducerRecord<>(name, "k", "kept")).get();
            second.commitTransaction();
            boolean isFenced = false;
            try { first.commitTransaction(); } catch (ProducerFencedException | InvalidProducerEpochException expected) { isFenced = true; }
            equal(true, isFenced);
        }
        var seen = readAll(name, 1, "read_committed");
        equal(List.of("kept"), seen.stream().map(ConsumerRecord::value).toList());
    }

    static void exactlyOnce() throws Exception {
        String input = topic("eos-in", 2), output = topic("eos-out", 2), group = "eos-" + run;
        send(input, 400);
        int done = 0;
        try (var consumer = consumer("group.id", group, "isolation.level", "read_committed", "max.poll.records", "50");
             var producer = producer("transactional.id", "eos-" + run)) {
            producer.initTransactions();
            consumer.subscribe(List.of(input));
            int round = 0;
            while (done < 400) {
                var records = consumer.poll(Duration.ofMillis(200));
                if (records.isEmpty()) continue;
                producer.beginTransaction();
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                for (var record : records) {
                    producer.send(new ProducerRecord<>(output, record.key(), record.value()));
                    offsets.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
                }
                producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
                if (round++ % 3 == 1) {
                    producer.abortTransaction();
                    var committed = consumer.committed(consumer.assignment());
                    for (var partition : consumer.assignment()) consumer.seek(partition, committed.get(partition) == null ? 0 : committed.get(partition).offset());
                } else {
                    producer.commitTransaction();
                    done += records.count();
                }
            }
            long total = consumer.committed(Set.copyOf(partitionsOf(consumer, input))).values().stream().mapToLong(OffsetAndMetadata::offset).sum();
            equal(400L, total);
        }
        var values = readAll(output, 400, "read_committed").stream().map(ConsumerRecord::value).toList();
        equal(400, values.size());
        equal(400, new HashSet<>(values).size());
    }

    // Groups.

    static void handOver() throws Exception {
        String name = topic("hand-over", 4), group = "hand-over-" + run;
        send(name, 100);
        try (var first = consumer("group.id", group)) {
            first.subscribe(List.of(name));
            equal(100, read(first, 100).size());
            first.commitSync();
            try (var second = consumer("group.id", group)) {
                second.subscribe(List.of(name));
                eventually("two and two", () -> {
                    first.poll(Duration.ofMillis(50));
                    second.poll(Duration.ofMillis(50));
                    return first.assignment().size() == 2 && second.assignment().size() == 2;
                });
            }
            eventually("all back", () -> {
                first.poll(Duration.ofMillis(50));
                return first.assignment().size() == 4;
            });
            equal(100L, first.committed(first.assignment()).values().stream().mapToLong(OffsetAndMetadata::offset).sum());
        }
    }

    static void cooperative() throws Exception {
        String name = topic("cooperative", 4), group = "cooperative-" + run;
        Set<TopicPartition> revoked = new HashSet<>();
        Object[] options = {"group.id", group, "partition.assignment.strategy", CooperativeStickyAssignor.class.getName()};
        try (var first = consumer(options); var second = consumer(options)) {
            first.subscribe(List.of(name), new ConsumerRebalanceListener() {
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) { revoked.addAll(partitions); }
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) { }
            });
            eventually("all four", () -> { first.poll(Duration.ofMillis(50)); return first.assignment().size() == 4; });
            second.subscribe(List.of(name));
            eventually("two and two", () -> {
                first.poll(Duration.ofMillis(50));
                second.poll(Duration.ofMillis(50));
                return first.assignment().size() == 2 && second.assignment().size() == 2;
            });
            equal(2, revoked.size());
        }
    }

    static void staticMember() throws Exception {
        String name = topic("static", 2), group = "static-" + run;
        Set<TopicPartition> before;
        try (var other = consumer("group.id", group, "group.instance.id", "b")) {
            other.subscribe(List.of(name));
            var first = consumer("group.id", group, "group.instance.id", "a");
            first.subscribe(List.of(name));
            eventually("one and one", () -> {
                first.poll(Duration.ofMillis(50));
                other.poll(Duration.ofMillis(50));
                return first.assignment().size() == 1 && other.assignment().size() == 1;
            });
            before = Set.copyOf(first.assignment());
            first.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP));
            try (var again = consumer("group.id", group, "group.instance.id", "a")) {
                again.subscribe(List.of(name));
                eventually("the same partition", () -> {
                    again.poll(Duration.ofMillis(50));
                    other.poll(Duration.ofMillis(50));
                    return again.assignment().equals(before);
                });
            }
        }
    }

    static void offsetsForTimes() throws Exception {
        String name = topic("times", 1);
        TopicPartition partition = new TopicPartition(name, 0);
        try (var producer = producer(); var consumer = consumer()) {
            for (int at = 0; at < 10; at++) producer.send(new ProducerRecord<>(name, 0, 1_000L * at, "k", "v")).get();
            equal(4L, consumer.offsetsForTimes(Map.of(partition, 3_500L)).get(partition).offset());
            equal(null, consumer.offsetsForTimes(Map.of(partition, 99_999L)).get(partition));
            equal(0L, consumer.beginningOffsets(List.of(partition)).get(partition));
            equal(10L, consumer.endOffsets(List.of(partition)).get(partition));
        }
    }

    static void seek() throws Exception {
        String name = topic("seek", 1);
        send(name, 50);
        TopicPartition partition = new TopicPartition(name, 0);
        try (var consumer = consumer("max.poll.records", "10")) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, 40);
            equal(40L, read(consumer, 1).get(0).offset());
            consumer.pause(List.of(partition));
            equal(true, consumer.poll(Duration.ofMillis(200)).isEmpty());
            consumer.resume(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            equal(50L, consumer.position(partition));
            consumer.seekToBeginning(List.of(partition));
            equal(0L, consumer.position(partition));
        }
    }

    static void resetPolicies() throws Exception {
        String name = topic("reset", 1);
        send(name, 5);
        TopicPartition partition = new TopicPartition(name, 0);
        for (String policy : List.of("earliest", "latest", "none")) {
            try (var consumer = consumer("group.id", "reset-" + policy + run, "auto.offset.reset", policy)) {
                consumer.assign(List.of(partition));
                if (policy.equals("none")) fails(NoOffsetForPartitionException.class, () -> consumer.poll(Duration.ofSeconds(5)));
                else equal(policy.equals("earliest") ? 0L : 5L, consumer.position(partition));
                consumer.seek(partition, 500);
                if (policy.equals("none")) fails(org.apache.kafka.clients.consumer.OffsetOutOfRangeException.class, () -> {
                    for (int at = 0; at < 50; at++) consumer.poll(Duration.ofMillis(100));
                    return null;
                });
                else if (policy.equals("earliest")) equal(0L, read(consumer, 5).get(0).offset());
            }
        }
    }

    static void pattern() throws Exception {
        String first = topic("pattern-a", 1);
        send(first, 3);
        try (var consumer = consumer("group.id", "pattern-" + run, "metadata.max.age.ms", "500")) {
            consumer.subscribe(java.util.regex.Pattern.compile("pattern-.*-" + run));
            equal(3, read(consumer, 3).size());
            String second = topic("pattern-b", 1);
            send(second, 4);
            equal(4, read(consumer, 4).stream().filter(record -> record.topic().equals(second)).count() == 4 ? 4 : 0);
        }
    }

    // Administration.

    static void deleteRecords() throws Exception {
        String name = topic("cut", 1);
        send(name, 20);
        TopicPartition partition = new TopicPartition(name, 0);
        try (Admin admin = admin(); var consumer = consumer()) {
            equal(12L, admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(12))).lowWatermarks().get(partition).get().lowWatermark());
            fails(org.apache.kafka.common.errors.OffsetOutOfRangeException.class,
                () -> admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(99))).all().get());
            consumer.assign(List.of(partition));
            consumer.seek(partition, 0);
            equal(12L, read(consumer, 8).get(0).offset());
        }
    }

    static void groups() throws Exception {
        String name = topic("groups", 1), group = "groups-" + run;
        send(name, 10);
        TopicPartition partition = new TopicPartition(name, 0);
        try (Admin admin = admin()) {
            try (var consumer = consumer("group.id", group)) {
                consumer.subscribe(List.of(name));
                read(consumer, 10);
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(7, Optional.of(0), "note")));
                var described = admin.describeClassicGroups(List.of(group)).all().get().get(group);
                equal(1, described.members().size());
                equal(ClassicGroupState.valueOf("STABLE"), described.state());
                fails(GroupNotEmptyException.class, () -> admin.deleteConsumerGroups(List.of(group)).all().get());
            }
            eventually("an empty group", () -> admin.describeClassicGroups(List.of(group)).all().get().get(group).members().isEmpty());
            var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(partition);
            equal(7L, committed.offset());
            equal("note", committed.metadata());
            admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(3))).all().get();
            equal(3L, admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(partition).offset());
            equal(true, admin.listGroups().all().get().stream().anyMatch(listed -> listed.groupId().equals(group)));
            admin.deleteConsumerGroupOffsets(group, Set.of(partition)).all().get();
            admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(1))).all().get();
            admin.deleteConsumerGroups(List.of(group)).all().get();
            fails(GroupIdNotFoundException.class, () -> admin.deleteConsumerGroups(List.of("nobody-" + run)).all().get());
        }
    }

    static void describeTransactions() throws Exception {
        String name = topic("described", 1), id = "described-" + run;
        TopicPartition partition = new TopicPartition(name, 0);
        try (Admin admin = admin(); var producer = producer("transactional.id", id)) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(name, "k", "v")).get();
            var described = admin.describeTransactions(List.of(id)).all().get().get(id);
            equal(TransactionState.ONGOING, described.state());
            equal(Set.of(partition), described.topicPartitions());
            var active = admin.describeProducers(List.of(partition)).all().get().get(partition).activeProducers();
            equal(described.producerId(), active.get(0).producerId());
            equal(true, active.get(0).currentTransactionStartOffset().isPresent());
            equal(true, admin.listTransactions().all().get().stream().anyMatch(listed -> listed.transactionalId().equals(id)));
            admin.fenceProducers(List.of(id)).all().get();
            fails(KafkaException.class, () -> { producer.commitTransaction(); return null; });
            eventually("the transaction to be aborted", () -> admin.describeTransactions(List.of(id)).all().get().get(id).state() != TransactionState.ONGOING);
        }
    }

    static void listOffsets() throws Exception {
        String name = topic("list", 1);
        TopicPartition partition = new TopicPartition(name, 0);
        try (var producer = producer(); Admin admin = admin()) {
            for (long time : new long[] {5000, 9000, 7000}) producer.send(new ProducerRecord<>(name, 0, time, "k", "v")).get();
            equal(0L, at(admin, partition, OffsetSpec.earliest()));
            equal(3L, at(admin, partition, OffsetSpec.latest()));
            equal(1L, at(admin, partition, OffsetSpec.maxTimestamp()));
            equal(1L, at(admin, partition, OffsetSpec.forTimestamp(6000)));
            equal(0L, at(admin, partition, OffsetSpec.earliestLocal()));
        }
    }

    static long at(Admin admin, TopicPartition partition, OffsetSpec specification) throws Exception {
        return admin.listOffsets(Map.of(partition, specification)).partitionResult(partition).get().offset();
    }

    static void cluster() throws Exception {
        try (Admin admin = admin()) {
            var described = admin.describeCluster();
            equal(1, described.nodes().get().size());
            equal(described.controller().get().id(), described.nodes().get().iterator().next().id());
            equal(22, described.clusterId().get().length());
            equal(true, admin.describeFeatures().featureMetadata().get().finalizedFeatures().containsKey("transaction.version"));
        }
    }

    static void errors() throws Exception {
        String name = topic("errors", 1);
        try (Admin admin = admin(); var consumer = consumer()) {
            fails(TopicExistsException.class, () -> admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get());
            fails(InvalidTopicException.class, () -> admin.createTopics(List.of(new NewTopic("a b", 1, (short) 1))).all().get());
            fails(InvalidReplicationFactorException.class, () -> admin.createTopics(List.of(new NewTopic("r-" + run, 1, (short) 7))).all().get());
            fails(InvalidConfigurationException.class, () -> admin.createTopics(List.of(new NewTopic("c-" + run, 1, (short) 1).configs(Map.of("no.such", "1")))).all().get());
            fails(UnknownTopicOrPartitionException.class, () -> admin.deleteTopics(List.of("nowhere-" + run)).all().get());
            fails(UnknownTopicOrPartitionException.class, () -> admin.describeTopics(List.of("nowhere-" + run)).allTopicNames().get());
            fails(IllegalStateException.class, () -> consumer.poll(Duration.ofMillis(1)));
        }
    }
}
