export { fileSystemConformance, type FileSystemSubject } from "./file-system-conformance.ts";
export { networkConformance, type NetworkSubject } from "./network-conformance.ts";
export {
  slowTlsConformance,
  tlsConformance,
  type CertificateMaker,
  type TlsSubject,
} from "./tls-conformance.ts";
export { overTls } from "./over-tls.ts";
