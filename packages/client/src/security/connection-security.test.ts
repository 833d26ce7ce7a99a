import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { connectionSecurity, type SecurityOptions } from "./connection-security.ts";

const password = { username: "ann", password: "secret" };

test.each([
  { host: "kafka", ssl: undefined, mechanism: "PLAIN", count: 1 },
  { host: "kafka", ssl: true, mechanism: "PLAIN", count: 0 },
  { host: "127.0.0.1", ssl: undefined, mechanism: "PLAIN", count: 0 },
  { host: "kafka", ssl: undefined, mechanism: "SCRAM-SHA-256", count: 0 },
] as const)(
  "what others could read on the way is warned of: %j",
  ({ host, ssl, mechanism, count }) => {
    const told: unknown[] = [];
    const logger = {
      isEnabled: () => true,
      log: (level: string, event: string, fields?: object) =>
        void told.push({ level, event, fields }),
    };
    const options: SecurityOptions = {
      bootstrap: [{ host, port: 9092 }],
      ssl,
      sasl: { mechanism, ...password },
    };
    connectionSecurity(memoryPlatform({ logger }), options);
    expect(told).toHaveLength(count);
    expect(JSON.stringify(told)).not.toContain('secret"');
  },
);
