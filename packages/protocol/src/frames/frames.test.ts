import { concatBytes } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apis, servesVersion } from "../definitions/apis.ts";
import { apiVersionsApi } from "../definitions/api-versions.ts";
import { heartbeatApi, heartbeatRequest } from "../definitions/heartbeat.ts";
import { produceApi, produceRequest } from "../definitions/produce.ts";
import { writeInt32 } from "../wire/int64.ts";
import { FrameSplitter } from "./frame-splitter.ts";
import {
  decodeBody,
  decodeCorrelationId,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "./messages.ts";

function framed(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + body.length);
  writeInt32(frame, 0, body.length);
  frame.set(body, 4);
  return frame;
}

/** A frame without its size. */
function body(parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts).subarray(4);
}

const heartbeat = { groupId: "g", generationId: 3, memberId: "m" };

describe("frame splitter", () => {
  it("PROTOCOL-5: any cut of a stream into chunks gives the same frames", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
        (bodies, steps) => {
          const stream = concatBytes(...bodies.map(framed));
          const splitter = new FrameSplitter(64);
          const frames: Uint8Array[] = [];
          for (let position = 0, step = 0; position < stream.length; step++) {
            const end = position + steps[step % steps.length];
            const chunk = stream.slice(position, end);
            splitter.push(chunk);
            chunk.fill(0xee);
            position = end;
            for (let next = splitter.next(); next !== undefined; next = splitter.next())
              frames.push(next);
          }
          expect(frames).toEqual(bodies);
          expect(splitter.bufferedBytes).toBe(0);
        },
      ),
    );
  });

  it("PROTOCOL-5: a frame of many chunks comes out whole", () => {
    const large = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
    const stream = concatBytes(framed(Uint8Array.of(1)), framed(large), framed(Uint8Array.of(2)));
    const splitter = new FrameSplitter();
    for (let position = 0; position < stream.length; position += 50_001)
      splitter.push(stream.subarray(position, position + 50_001));
    expect([...(splitter.next() ?? [])]).toEqual([1]);
    expect(Buffer.compare(splitter.next() ?? new Uint8Array(0), large)).toBe(0);
    expect([...(splitter.next() ?? [])]).toEqual([2]);
    expect(splitter.bufferedBytes).toBe(0);
  });

  it("PROTOCOL-1: takes memory for what has come, not for what is claimed", () => {
    const before = process.memoryUsage().arrayBuffers;
    const splitters = Array.from({ length: 100 }, () => {
      const splitter = new FrameSplitter();
      for (const byte of framed(new Uint8Array(0)).fill(5, 0, 1))
        splitter.push(Uint8Array.of(byte));
      splitter.push(new Uint8Array(100));
      return splitter;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
    expect(splitters.map(({ bufferedBytes }) => bufferedBytes)).toEqual(Array(100).fill(104));
  });

  it("PROTOCOL-1: gives the frames before the one that is refused, and none behind", () => {
    const splitter = new FrameSplitter(64);
    splitter.push(concatBytes(framed(Uint8Array.of(1)), framed(new Uint8Array(65)).subarray(0, 6)));
    splitter.push(framed(Uint8Array.of(2)));
    expect([...(splitter.next() ?? [])]).toEqual([1]);
    expect(() => splitter.next()).toThrow(/a frame claims 65/);
    expect(() => splitter.next()).toThrow(/a frame claims 65/);
  });

  it("PROTOCOL-1: refuses sizes beyond the bound and negative ones at once", () => {
    for (const size of [65, 0x7fffffff, -1]) {
      const head = new Uint8Array(4);
      writeInt32(head, 0, size);
      const splitter = new FrameSplitter(64);
      splitter.push(head.subarray(0, 1));
      splitter.push(head.subarray(1));
      expect(() => splitter.next()).toThrow(/a frame claims/);
    }
  });
});

describe("requests", () => {
  it("have header 1 before the flexible version and header 2 from it on", () => {
    const header = { correlationId: 7, clientId: "ab" };
    const old = body(encodeRequest(heartbeatApi, { ...header, version: 3 }, heartbeat));
    expect([...old.subarray(0, 12)]).toEqual([0, 12, 0, 3, 0, 0, 0, 7, 0, 2, 97, 98]);
    expect(decodeRequestHeader(old).bodyStart).toBe(12);
    const flexible = body(encodeRequest(heartbeatApi, { ...header, version: 4 }, heartbeat));
    const decoded = decodeRequestHeader(flexible);
    expect(decoded).toMatchObject({
      apiKey: 12,
      apiVersion: 4,
      correlationId: 7,
      clientId: "ab",
      bodyStart: 13,
    });
    const request = decodeBody(heartbeatRequest, 4, flexible, decoded.bodyStart);
    expect(request).toEqual({ ...heartbeat, groupInstanceId: null });
  });

  it("PROTOCOL-4: leave record batches as they are", () => {
    const batch = new Uint8Array(2000).fill(5);
    const parts = encodeRequest(
      produceApi,
      { version: 9, correlationId: 1, clientId: null },
      {
        acks: -1,
        timeoutMs: 10,
        topicData: [{ name: "t", partitionData: [{ index: 0, records: batch }] }],
      },
    );
    expect(parts).toContain(batch);
    const frame = body(parts);
    const { bodyStart, clientId } = decodeRequestHeader(frame);
    expect(clientId).toBeNull();
    const records = decodeBody(produceRequest, 9, frame, bodyStart).topicData[0].partitionData[0]
      .records;
    expect(records?.buffer).toBe(frame.buffer);
    expect(records).toEqual(batch);
  });

  it("of keys and versions that are not served throw", () => {
    const header = (key: number, version: number) =>
      Uint8Array.of(0, key, 0, version, 0, 0, 0, 1, 255, 255, 0);
    expect(() => decodeRequestHeader(header(99, 0))).toThrow(/API key 99/);
    expect(() => decodeRequestHeader(header(0, 2))).toThrow(
      /Produce version 2 is not served; use 3 to 13/,
    );
    expect(() => decodeRequestHeader(header(3, 14))).toThrow(/Metadata version 14/);
    expect(() => decodeRequestHeader(header(3, 13).subarray(0, 9))).toThrow(/int16/);
  });

  it("for ApiVersions pass in any version, so that they can be answered", () => {
    const { api, apiVersion } = decodeRequestHeader(
      Uint8Array.of(0, 18, 0, 77, 0, 0, 0, 1, 255, 255, 0),
    );
    expect(api).toBe(apiVersionsApi);
    expect(servesVersion(api, apiVersion)).toBe(false);
  });

  it("advertise Produce from 0, which is refused", () => {
    expect([produceApi.advertisedMin, produceApi.versions.min]).toEqual([0, 3]);
    const lower = [...apis.values()].filter((api) => api.advertisedMin !== api.versions.min);
    expect(lower).toEqual([produceApi]);
  });
});

describe("responses", () => {
  it("have a tag buffer in the header from the flexible version on", () => {
    for (const version of [3, 4]) {
      const frame = body(
        encodeResponse(heartbeatApi, { version, correlationId: 9 }, { errorCode: 27 }),
      );
      expect(frame.length).toBe(version === 3 ? 10 : 12);
      expect(decodeCorrelationId(frame)).toBe(9);
      expect(decodeResponse(heartbeatApi, version, frame)).toEqual({
        correlationId: 9,
        body: { throttleTimeMs: 0, errorCode: 27 },
      });
    }
  });

  it("to ApiVersions never have one", () => {
    const frame = body(
      encodeResponse(
        apiVersionsApi,
        { version: 3, correlationId: 9 },
        { errorCode: 0, apiKeys: [] },
      ),
    );
    expect([...frame]).toEqual([0, 0, 0, 9, 0, 0, 1, 0, 0, 0, 0, 0]);
  });
});
