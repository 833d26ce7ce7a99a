"""Steps by confluent-kafka for Python, unmodified."""
import base64
import json
import sys
import traceback

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

program = json.loads(sys.argv[1])
client = SchemaRegistryClient({"url": program["url"], "max.retries": 0})


def message_class():
    file = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(program["descriptor"]))
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    name = ".".join(part for part in (file.package, file.message_type[0].name) if part)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


Message = message_class()


def schema_of(given):
    references = [
        SchemaReference(one["name"], one["subject"], one["version"])
        for one in given.get("references", [])
    ]
    return Schema(given["schema"], given["schemaType"], references)


def write(step):
    context = SerializationContext(step["topic"], MessageField.VALUE)
    kind = step["schemaType"]
    registers = step.get("registers")
    options = {"auto.register.schemas": registers is not None, "use.latest.version": registers is None}
    if kind == "PROTOBUF":
        options["use.deprecated.format"] = False
        serializer = ProtobufSerializer(Message, client, options)
        return serializer(json_format.ParseDict(step["value"], Message()), context)
    text = registers or client.get_latest_version(step["topic"] + "-value").schema.schema_str
    if kind == "AVRO":
        return AvroSerializer(client, text, conf=options)(step["value"], context)
    return JSONSerializer(text, client, conf=options)(step["value"], context)


def read(step):
    context = SerializationContext(step["topic"], MessageField.VALUE)
    data = bytes.fromhex(step["hex"])
    kind = step["schemaType"]
    if kind == "AVRO":
        return AvroDeserializer(client)(data, context)
    if kind == "JSON":
        return JSONDeserializer(None, schema_registry_client=client)(data, context)
    deserializer = ProtobufDeserializer(Message, {"use.deprecated.format": False}, client)
    return json_format.MessageToDict(deserializer(data, context))


def perform(step):
    kind = step["do"]
    if kind == "register":
        return client.register_schema(step["subject"], schema_of(step["schema"]))
    if kind == "byId":
        return client.get_schema(step["id"], step["subject"]).schema_str
    if kind == "latest":
        return client.get_latest_version(step["subject"]).schema_id
    if kind == "version":
        return client.get_version(step["subject"], step["version"]).schema_id
    if kind == "lookUp":
        return client.lookup_schema(step["subject"], schema_of(step["schema"])).schema_id
    if kind == "delete":
        return client.delete_subject(step["subject"], step["permanent"])
    if kind == "write":
        return write(step).hex()
    return read(step)


answers = []
for step in program["steps"]:
    try:
        answers.append({"gave": perform(step)})
    except SchemaRegistryError as error:
        answers.append({"status": error.http_status_code, "errorCode": error.error_code})
    except Exception:
        answers.append({"failure": traceback.format_exc()})
print(json.dumps(answers))
