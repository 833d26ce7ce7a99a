import {
  fileSystemConformance,
  networkConformance,
  slowTlsConformance,
  tlsConformance,
} from "@millrace/platform/conformance";
import { standInCertificates } from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
import { describe, test } from "vitest";
import { simulatedPlatform } from "./simulated-platform.ts";

describe("the simulated file system, without faults", () => {
  for (const law of fileSystemConformance) {
    test(law.name, async () => {
      const platform = simulatedPlatform({ seed: 1, drain: drainTurn });
      platform.fileSystem.makeDirectory("/data");
      await platform.until(law.run({ fileSystem: platform.fileSystem, directory: "/data" }));
    });
  }
});

for (const seed of [1, 2, 3]) {
  describe(`the simulated network, without faults, seed ${seed}`, () => {
    for (const law of networkConformance) {
      test(law.name, async () => {
        const platform = simulatedPlatform({ seed, drain: drainTurn });
        await platform.until(law.run(platform));
      });
    }
  });
}

describe("TLS over the simulated network", () => {
  for (const law of [...tlsConformance, ...slowTlsConformance]) {
    test(law.name, async () => {
      const platform = simulatedPlatform({ seed: 1, drain: drainTurn });
      await platform.until(law.run({ ...platform, certificates: standInCertificates }));
    });
  }
});

describe("the simulated network, with delays", () => {
  for (const law of networkConformance) {
    test(law.name, async () => {
      const faults = { delay: 0.3 };
      const platform = simulatedPlatform({ seed: 4, drain: drainTurn, faults });
      await platform.until(law.run(platform));
    });
  }
});
