export { fileSystemConformance, type FileSystemSubject } from "./file-system-conformance.ts";
export { networkConformance, type NetworkSubject } from "./network-conformance.ts";
