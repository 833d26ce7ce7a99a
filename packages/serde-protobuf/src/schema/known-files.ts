import protobufjs from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";
import api from "protobufjs/google/protobuf/api.json" with { type: "json" };
import sourceContext from "protobufjs/google/protobuf/source_context.json" with { type: "json" };
import type from "protobufjs/google/protobuf/type.json" with { type: "json" };

import { fileOfNamespace } from "./namespace-file.ts";
import { knownTexts } from "./known-texts.ts";
import { parseProto } from "./parse-proto.ts";
import type { ProtoFile } from "./proto-file.ts";

const commonNames = [
  "any",
  "duration",
  "empty",
  "field_mask",
  "struct",
  "timestamp",
  "wrappers",
] as const;

let files: ReadonlyMap<string, ProtoFile> | undefined;

/** The files that a schema may import without a reference, by their path. */
export function knownFiles(): ReadonlyMap<string, ProtoFile> {
  files ??= new Map([
    ...commonNames.map((name): [string, ProtoFile] => {
      const path = `google/protobuf/${name}.proto`;
      return [path, fileOfNamespace(protobufjs.common.get(path)?.nested ?? {}, "proto3")];
    }),
    [
      "google/protobuf/descriptor.proto",
      fileOfNamespace({ google: googleProtobuf(descriptor.FileDescriptorProto.parent) }, "proto2"),
    ],
    ...Object.entries({ api, source_context: sourceContext, type }).map(
      ([name, { nested }]): [string, ProtoFile] => [
        `google/protobuf/${name}.proto`,
        fileOfNamespace(nested, "proto3"),
      ],
    ),
    ...Object.entries(knownTexts).map(([path, text]): [string, ProtoFile] => [
      path,
      parseProto(text),
    ]),
  ]);
  return files;
}

function googleProtobuf(namespace: protobufjs.NamespaceBase | null): protobufjs.INamespace {
  return { nested: { protobuf: namespace?.toJSON() ?? {} } };
}
