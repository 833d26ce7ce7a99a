"""What librdkafka's consumer does in the consumer group protocol (KIP-848), through its Python binding.

Each check prints "ok NAME", or "FAILED NAME" and why. Run with HOST:PORT.
"""

import sys
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

bootstrap = sys.argv[1]
run = uuid.uuid4().hex[:8]
admin = AdminClient({"bootstrap.servers": bootstrap})


def topic_of(name, partitions):
    topic = f"{name}-{run}"
    for made in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
        made.result()
    return topic


def produce(topic, partitions, start, end):
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in range(start, end):
        producer.produce(topic, str(value), partition=value % partitions)
    producer.flush()


def consumer_of(group, **more):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{group}-{run}",
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "topic.metadata.refresh.interval.ms": 500,
            **{name.replace("_", "."): value for name, value in more.items()},
        }
    )


def poll_until(holds, seen, *consumers):
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            owned = [len(one.assignment()) for one in consumers]
            raise AssertionError(f"too late: {len(seen)} records, partitions {owned}")
        for consumer in consumers:
            for message in consumer.consume(100, 0.1):
                assert message.error() is None, message.error()
                seen.append(message.value().decode())


def count(consumer):
    return len(consumer.assignment())


def hand_over(assignor):
    topic = topic_of(f"shared-{assignor}", 4)
    produce(topic, 4, 0, 100)
    seen = []
    options = {"group_remote_assignor": assignor}
    first = consumer_of(f"g-{assignor}", **options)
    first.subscribe([topic])
    poll_until(lambda: len(seen) == 100, seen, first)
    first.commit(asynchronous=False)
    second = consumer_of(f"g-{assignor}", **options)
    second.subscribe([topic])
    poll_until(lambda: count(first) == 2 and count(second) == 2, seen, first, second)
    produce(topic, 4, 100, 200)
    poll_until(lambda: len(seen) == 200, seen, first, second)
    first.commit(asynchronous=False)
    second.commit(asynchronous=False)
    second.close()
    poll_until(lambda: count(first) == 4, seen, first)
    produce(topic, 4, 200, 300)
    poll_until(lambda: len(seen) == 300, seen, first)
    first.close()
    assert len(set(seen)) == 300


def pattern():
    topic = topic_of("logs-a", 1)
    topic_of("other-logs-a", 1)
    produce(topic, 1, 0, 10)
    seen = []
    consumer = consumer_of("g-pattern")
    consumer.subscribe([f"^logs-.*-{run}"])
    poll_until(lambda: len(seen) == 10, seen, consumer)
    assert [one.topic for one in consumer.assignment()] == [topic]
    consumer.close()


def static_member():
    topic = topic_of("seats", 4)
    seen = []
    other = consumer_of("g-static")
    other.subscribe([topic])
    seated = consumer_of("g-static", group_instance_id="seat")
    seated.subscribe([topic])
    poll_until(lambda: count(seated) == 2 and count(other) == 2, seen, seated, other)
    before = sorted(one.partition for one in seated.assignment())
    seated.close()
    again = consumer_of("g-static", group_instance_id="seat")
    again.subscribe([topic])
    poll_until(lambda: count(again) == 2, seen, again, other)
    assert sorted(one.partition for one in again.assignment()) == before
    assert count(other) == 2
    again.close()
    other.close()


def described():
    topic = topic_of("described", 2)
    produce(topic, 2, 0, 4)
    seen = []
    consumer = consumer_of("g-described")
    consumer.subscribe([topic])
    poll_until(lambda: len(seen) == 4, seen, consumer)
    consumer.commit(asynchronous=False)
    group = f"g-described-{run}"
    found = admin.describe_consumer_groups([group])[group].result()
    assert found.type.name == "CONSUMER", found.type
    assert len(found.members[0].assignment.topic_partitions) == 2
    assert consumer.committed([TopicPartition(topic, 0)])[0].offset == 2
    consumer.close()
    for deleted in admin.delete_consumer_groups([group]).values():
        deleted.result()


checks = {
    "two members share partitions with uniform, and hand over": lambda: hand_over("uniform"),
    "two members share partitions with range, and hand over": lambda: hand_over("range"),
    "a pattern finds topics": pattern,
    "a static member comes back to its partitions": static_member,
    "a group is described and deleted": described,
}

for name, check in checks.items():
    try:
        check()
        print("ok", name, flush=True)
    except Exception as failure:  # noqa: BLE001 - every failure is a line
        print("FAILED", name, repr(failure), flush=True)
