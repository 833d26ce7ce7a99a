import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.*;
import java.lang.reflect.Method;
import java.util.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.assignment.*;
import org.apache.kafka.streams.processor.internals.*;
import org.apache.kafka.streams.processor.internals.assignment.*;

/**
 * What Kafka's own task assignors give: one group a line on standard input, one answer a line on standard output. Run as
 * {@code java -cp "LIB/*" TaskAssignors.java}; cases.ts says what a line has.
 */
public class TaskAssignors {
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(final String[] arguments) throws Exception {
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        final PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out));
        for (String line = in.readLine(); line != null; line = in.readLine())
            out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
        out.flush();
    }

    static ObjectNode answer(final JsonNode group) {
        if (group.has("subscription")) return subscription(group.get("subscription"));
        if (group.has("assignment")) return assignment(group.get("assignment"));
        final Set<TaskId> tasks = new TreeSet<>();
        final Map<TaskId, Long> ends = new TreeMap<>();
        final Map<TopicPartition, TaskId> taskOf = new HashMap<>();
        group.get("tasks").forEach(row -> {
            final TaskId task = TaskId.parse(row.get("name").asText());
            tasks.add(task);
            taskOf.put(partitionOf(task), task);
            if (row.has("end")) ends.put(task, row.get("end").asLong());
        });
        final Map<ProcessId, ClientState> sorted = new TreeMap<>();
        final Map<ProcessId, SortedSet<String>> consumers = new HashMap<>();
        final Map<ProcessId, Map<String, Optional<String>>> racks = new HashMap<>();
        group.get("processes").forEach(row -> {
            final ProcessId id = new ProcessId(UUID.fromString(row.get("id").asText()));
            final Map<String, String> tags = new HashMap<>();
            row.get("tags").fields().forEachRemaining(tag -> tags.put(tag.getKey(), tag.getValue().asText()));
            final ClientState state = new ClientState(id, tags);
            consumers.put(id, new TreeSet<>());
            racks.put(id, new HashMap<>());
            row.get("members").forEach(member -> {
                final String name = member.get("id").asText();
                consumers.get(id).add(name);
                racks.get(id).put(name, Optional.ofNullable(row.has("rack") ? row.get("rack").asText() : null));
                state.incrementCapacity();
                final List<TopicPartition> owned = new ArrayList<>();
                member.get("owned").forEach(task -> owned.add(partitionOf(TaskId.parse(task.asText()))));
                state.addOwnedPartitions(owned, name);
                final Map<TaskId, Long> sums = new TreeMap<>();
                member.get("sums").fields().forEachRemaining(sum -> sums.put(TaskId.parse(sum.getKey()), sum.getValue().asLong()));
                state.addPreviousTasksAndOffsetSums(name, sums);
            });
            state.initializePrevTasks(taskOf, false);
            state.computeTaskLags(id, ends);
            sorted.put(id, state);
        });
        // As StreamsPartitionAssignor has them: maps and sets that grew, in an order that both sides know.
        final Map<ProcessId, ClientState> clients = new HashMap<>();
        sorted.forEach(clients::put);
        final Set<TaskId> allTasks = new HashSet<>();
        allTasks.addAll(tasks);
        final Set<TaskId> stateful = new HashSet<>();
        stateful.addAll(ends.keySet());
        final AssignmentConfigs configs = configs(group.get("configs"));
        final LegacyTaskAssignor assignor = switch (group.get("assignor").asText()) {
            case "sticky" -> new LegacyStickyTaskAssignor();
            case "fallback" -> new FallbackPriorTaskAssignor();
            default -> new HighAvailabilityTaskAssignor();
        };
        final boolean probing = assignor.assign(clients, allTasks, stateful, racks(group, tasks, ends.keySet(), racks, configs), configs);
        final ObjectNode answer = JSON.createObjectNode().put("probing", probing);
        final ObjectNode members = answer.putObject("members");
        new TreeMap<>(clients).forEach((id, state) -> {
            final Map<String, Integer> load = new HashMap<>();
            final var withState = share(state.statefulActiveTasks(), true, consumers.get(id), state, load);
            final var standby = share(state.standbyTasks(), true, consumers.get(id), state, load);
            final var stateless = share(state.statelessActiveTasks(), false, consumers.get(id), state, load);
            for (final String consumer : consumers.get(id)) {
                final List<TaskId> active = new ArrayList<>(withState.get(consumer));
                active.addAll(stateless.get(consumer));
                final ObjectNode row = members.putObject(consumer);
                names(row.putArray("active"), active);
                names(row.putArray("standby"), standby.get(consumer));
            }
        });
        return answer;
    }

    /** {@code assignTasksToThreads} is its package's own. */
    @SuppressWarnings("unchecked")
    static Map<String, List<TaskId>> share(final Collection<TaskId> tasks, final boolean stateful, final SortedSet<String> consumers, final ClientState state, final Map<String, Integer> load) {
        try {
            final Method method = StreamsPartitionAssignor.class.getDeclaredMethod("assignTasksToThreads", Collection.class, boolean.class, SortedSet.class, ClientState.class, Map.class);
            method.setAccessible(true);
            return (Map<String, List<TaskId>>) method.invoke(null, tasks, stateful, consumers, state, load);
        } catch (final ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** The bytes of each version, in hex. */
    static ObjectNode subscription(final JsonNode given) {
        final Map<TaskId, Long> sums = new LinkedHashMap<>();
        given.get("sums").fields().forEachRemaining(sum -> sums.put(TaskId.parse(sum.getKey()), sum.getValue().asLong()));
        final Map<String, String> tags = new LinkedHashMap<>();
        given.get("tags").fields().forEachRemaining(tag -> tags.put(tag.getKey(), tag.getValue().asText()));
        final ObjectNode bytes = JSON.createObjectNode();
        for (int version = 1; version <= 11; version++)
            bytes.put("" + version, hex(new SubscriptionInfo(version, version < 3 ? -1 : 11, new ProcessId(UUID.fromString(given.get("process").asText())), given.get("endPoint").asText(), sums, (byte) given.get("unique").asInt(), given.get("error").asInt(), tags).encode()));
        return bytes;
    }

    static ObjectNode assignment(final JsonNode given) {
        final List<TaskId> active = new ArrayList<>();
        given.get("active").forEach(task -> active.add(TaskId.parse(task.asText())));
        final Map<TaskId, Set<TopicPartition>> standby = new LinkedHashMap<>();
        given.get("standby").fields().forEachRemaining(task -> standby.put(TaskId.parse(task.getKey()), partitions(task.getValue())));
        final ObjectNode bytes = JSON.createObjectNode();
        for (int version = 1; version <= 11; version++) {
            final AssignmentInfo info = new AssignmentInfo(version, version < 3 ? -1 : 11, active, standby, hosts(given.get("activeHosts")), hosts(given.get("standbyHosts")), given.get("error").asInt());
            if (given.has("next")) info.setNextRebalanceTime(given.get("next").asLong());
            bytes.put("" + version, hex(info.encode()));
        }
        return bytes;
    }

    static Map<org.apache.kafka.streams.state.HostInfo, Set<TopicPartition>> hosts(final JsonNode given) {
        final Map<org.apache.kafka.streams.state.HostInfo, Set<TopicPartition>> hosts = new LinkedHashMap<>();
        given.fields().forEachRemaining(host -> hosts.put(org.apache.kafka.streams.state.HostInfo.buildFromEndpoint(host.getKey()), partitions(host.getValue())));
        return hosts;
    }

    /** Of one topic: Java's sets have no order of their own. */
    static Set<TopicPartition> partitions(final JsonNode given) {
        final Set<TopicPartition> partitions = new LinkedHashSet<>();
        given.forEach(task -> partitions.add(partitionOf(TaskId.parse(task.asText()))));
        return partitions;
    }

    static String hex(final java.nio.ByteBuffer buffer) {
        final byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    static void names(final ArrayNode into, final Collection<TaskId> tasks) {
        new TreeSet<>(tasks).forEach(task -> into.add(task.toString()));
    }

    static TopicPartition partitionOf(final TaskId task) {
        return new TopicPartition("t" + task.subtopology(), task.partition());
    }

    static TopicPartition changelogOf(final TaskId task) {
        return new TopicPartition("c" + task.subtopology(), task.partition());
    }

    static AssignmentConfigs configs(final JsonNode given) {
        final Map<String, Object> map = new HashMap<>();
        map.put("application.id", "a");
        map.put("bootstrap.servers", "localhost:1");
        given.fields().forEachRemaining(one -> map.put(one.getKey(), one.getValue().asText()));
        for (final String tag : given.path("rack.aware.assignment.tags").asText().split(","))
            if (!tag.isEmpty()) map.put("client.tag." + tag, "x");
        return AssignmentConfigs.of(new StreamsConfig(map));
    }

    /** Where the group has racks, each node is a rack, and lies on the replicas that the line names. */
    static RackAwareTaskAssignor racks(final JsonNode group, final Set<TaskId> tasks, final Set<TaskId> stateful, final Map<ProcessId, Map<String, Optional<String>>> processes, final AssignmentConfigs configs) {
        final Map<TaskId, Set<TopicPartition>> inputs = new HashMap<>();
        final Map<TaskId, Set<TopicPartition>> changelogs = new HashMap<>();
        final Map<TopologyMetadata.Subtopology, Set<TaskId>> groups = new HashMap<>();
        final List<PartitionInfo> infos = new ArrayList<>();
        final Map<String, Node> nodeOfRack = new HashMap<>();
        for (final TaskId task : tasks) {
            inputs.put(task, Set.of(partitionOf(task)));
            changelogs.put(task, stateful.contains(task) ? Set.of(changelogOf(task)) : Set.of());
            groups.computeIfAbsent(new TopologyMetadata.Subtopology(task.subtopology(), null), key -> new HashSet<>()).add(task);
        }
        final JsonNode racks = group.path("racks");
        racks.fields().forEachRemaining(row -> {
            final Node[] nodes = new Node[row.getValue().size()];
            for (int index = 0; index < nodes.length; index++) {
                nodes[index] = nodeOfRack.computeIfAbsent(row.getValue().get(index).asText(), rack -> new Node(nodeOfRack.size(), "h", 1, rack));
            }
            final int at = row.getKey().lastIndexOf('-');
            infos.add(new PartitionInfo(row.getKey().substring(0, at), Integer.parseInt(row.getKey().substring(at + 1)), nodes[0], nodes, nodes));
        });
        final Cluster cluster = new Cluster("c", nodeOfRack.values(), infos, Set.of(), Set.of());
        final InternalTopicManager topics = racks.isEmpty() ? null : new InternalTopicManager(Time.SYSTEM, admin(), new StreamsConfig(Map.of("application.id", "a", "bootstrap.servers", "localhost:1"))) {
            @Override
            public Map<String, List<TopicPartitionInfo>> getTopicPartitionInfo(final Set<String> names) {
                final Map<String, List<TopicPartitionInfo>> found = new HashMap<>();
                for (final PartitionInfo info : infos)
                    if (names.contains(info.topic()))
                        found.computeIfAbsent(info.topic(), key -> new ArrayList<>()).add(new TopicPartitionInfo(info.partition(), info.leader(), List.of(info.replicas()), List.of(info.replicas())));
                return found;
            }
        };
        return new RackAwareTaskAssignor(cluster, inputs, changelogs, groups, processes, topics, configs, Time.SYSTEM);
    }

    static org.apache.kafka.clients.admin.Admin admin() {
        return org.apache.kafka.clients.admin.Admin.create(Map.of("bootstrap.servers", "localhost:1"));
    }
}
