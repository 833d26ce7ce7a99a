import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.*;
import java.util.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordHelpers;
import org.apache.kafka.coordinator.group.api.assignor.*;
import org.apache.kafka.coordinator.group.assignor.*;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberValue;
import org.apache.kafka.coordinator.group.modern.*;

/**
 * What Kafka's own assignors of consumer groups give: one group a line on standard input, in the form of
 * assignors.vectors.jsonl without the partitions; the same with them on standard output. What changes goes through its
 * record from step to step, as in the broker.
 */
public class ConsumerAssignors {
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(final String[] arguments) throws Exception {
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        final PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out));
        for (String line = in.readLine(); line != null; line = in.readLine())
            out.println(JSON.writeValueAsString(assigned((ObjectNode) JSON.readTree(line))));
        out.flush();
    }

    static ObjectNode assigned(final ObjectNode group) {
        final List<Uuid> topics = new ArrayList<>();
        group.get("topics").forEach(id -> topics.add(Uuid.fromString(id.asText())));
        final ConsumerGroupPartitionAssignor assignor =
            group.get("assignor").asText().equals("range") ? new RangeAssignor() : new UniformAssignor();
        Map<String, Assignment> targets = new HashMap<>();
        for (final JsonNode step : group.get("steps")) targets = assign(assignor, topics, step, targets);
        return group;
    }

    static Map<String, Assignment> assign(
        final ConsumerGroupPartitionAssignor assignor,
        final List<Uuid> topics,
        final JsonNode step,
        final Map<String, Assignment> before
    ) {
        final Map<String, MemberSubscriptionAndAssignmentImpl> members = new HashMap<>();
        final Map<Uuid, Map<Integer, String>> owners = new HashMap<>();
        for (final JsonNode member : step.get("members")) {
            final String id = member.get(0).asText();
            final Set<Uuid> subscribed = new LinkedHashSet<>();
            member.get(2).forEach(index -> subscribed.add(topics.get(index.asInt())));
            final Assignment target = before.getOrDefault(id, Assignment.EMPTY);
            final Optional<String> instance = Optional.ofNullable(member.get(1).textValue());
            members.put(id, new MemberSubscriptionAndAssignmentImpl(Optional.empty(), instance, subscribed, target));
            target.partitions().forEach((topic, partitions) -> partitions.forEach(partition ->
                owners.computeIfAbsent(topic, __ -> new HashMap<>()).put(partition, id)));
        }
        final SubscriptionType type =
            step.get("equal").asBoolean() ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS;
        final SubscribedTopicDescriber describer = new SubscribedTopicDescriber() {
            @Override
            public int numPartitions(final Uuid topic) {
                return step.get("counts").get(topics.indexOf(topic)).asInt();
            }

            @Override
            public Set<String> racksForPartition(final Uuid topic, final int partition) {
                return Set.of();
            }
        };
        final Map<String, MemberAssignment> made =
            assignor.assign(new GroupSpecImpl(Collections.unmodifiableMap(members), type, owners), describer).members();
        final Map<String, Assignment> after = new HashMap<>();
        for (final JsonNode member : step.get("members")) {
            final String id = member.get(0).asText();
            final MemberAssignment own = made.get(id);
            final Assignment target = own == null ? Assignment.EMPTY : new Assignment(own.partitions());
            final Assignment known = before.get(id);
            after.put(id, target.equals(known) ? known : recorded(id, target));
            final ObjectNode partitions = JSON.createObjectNode();
            for (int index = 0; index < topics.size(); index++) {
                final Set<Integer> numbers = target.partitions().get(topics.get(index));
                if (numbers == null) continue;
                final ArrayNode list = partitions.putArray(String.valueOf(index));
                new TreeSet<>(numbers).forEach(list::add);
            }
            ((ArrayNode) member).insert(3, partitions);
        }
        return after;
    }

    static Assignment recorded(final String memberId, final Assignment target) {
        final var record =
            GroupCoordinatorRecordHelpers.newConsumerGroupTargetAssignmentRecord("g", memberId, target.partitions());
        return Assignment.fromRecord((ConsumerGroupTargetAssignmentMemberValue) record.value().message());
    }
}
