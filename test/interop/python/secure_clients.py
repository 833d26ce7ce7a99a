"""Writes and reads one record: LIBRARY BOOTSTRAP TOPIC, and options of the library as JSON."""
import json
import sys

library, bootstrap, topic, given = sys.argv[1:]
options = json.loads(given)

if library == "kafka-python":
    from kafka import KafkaConsumer, KafkaProducer

    producer = KafkaProducer(bootstrap_servers=bootstrap, **options)
    producer.send(topic, b"hello").get(timeout=20)
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20000, **options
    )
    value = next(iter(consumer)).value
else:
    from confluent_kafka import Consumer, Producer

    failures = []
    options["bootstrap.servers"] = bootstrap
    producer = Producer(options)
    producer.produce(topic, b"hello", on_delivery=lambda error, _: failures.append(error))
    producer.flush(20)
    assert failures == [None], failures
    consumer = Consumer({**options, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    message = consumer.poll(20)
    assert message is not None and message.error() is None, message and message.error()
    value = message.value()
    consumer.close()

print("done", value.decode())
