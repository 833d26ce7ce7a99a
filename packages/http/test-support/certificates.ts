import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Of `localhost`, which vouches for itself; PEM texts. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "millrace-http-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
  const ask =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
  execFileSync("openssl", [...ask.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
  const text = readFileSync(cert, "utf8");
  return {
    ca: text,
    cert: text,
    key: readFileSync(key, "utf8"),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
