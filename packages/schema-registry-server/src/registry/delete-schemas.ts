import { schemaValue, type StoredSchema } from "../records/stored-schema.ts";
import { RegistryError } from "../registry-error.ts";
import type { TopicEntry } from "../topic/schemas-topic.ts";
import type { Registry } from "./registry.ts";

export interface DeleteOptions {
  /** For good: only what is soft-deleted already. */
  readonly permanent: boolean;
}

/** @throws RegistryError `SUBJECT_NOT_FOUND`, `VERSION_NOT_FOUND`, `VERSION_SOFT_DELETED`, `VERSION_NOT_SOFT_DELETED`, `REFERENCE_EXISTS`, `OPERATION_NOT_PERMITTED` */
export async function deleteVersion(
  registry: Registry,
  subject: string,
  wanted: number,
  { permanent }: DeleteOptions,
): Promise<number> {
  await registry.log.readToEnd();
  const { state } = registry;
  const stored = wanted === -1 ? state.latest(subject) : state.version(subject, wanted);
  if (stored === undefined) throw notFound(registry, subject, wanted);
  const { version } = stored;
  if (stored.isDeleted && !permanent)
    throw new RegistryError(
      "VERSION_SOFT_DELETED",
      `version ${version} of subject ${JSON.stringify(subject)} is soft-deleted already; permanent=true deletes it for good`,
    );
  registry.checkWritable(subject);
  checkReferrers(registry, stored, (referrer) => permanent || !referrer.isDeleted);
  if (permanent && !stored.isDeleted)
    throw new RegistryError(
      "VERSION_NOT_SOFT_DELETED",
      `version ${version} of subject ${JSON.stringify(subject)} is to be soft-deleted first`,
    );
  const key = { kind: "SCHEMA", subject, version } as const;
  const isLast = state.versions(subject).length === 1;
  await registry.log.append(
    permanent
      ? [
          idsEntry(registry),
          { key, value: null },
          ...(isLast ? settingsGone(registry, subject) : []),
        ]
      : [{ key, value: schemaValue({ ...stored, isDeleted: true }) }],
  );
  return version;
}

/** @throws RegistryError `SUBJECT_NOT_FOUND`, `SUBJECT_SOFT_DELETED`, `SUBJECT_NOT_SOFT_DELETED`, `REFERENCE_EXISTS`, `OPERATION_NOT_PERMITTED` */
export async function deleteSubject(
  registry: Registry,
  subject: string,
  { permanent }: DeleteOptions,
): Promise<readonly number[]> {
  await registry.log.readToEnd();
  const { state } = registry;
  const all = state.versions(subject);
  const live = all.filter(({ isDeleted }) => !isDeleted);
  if (all.length === 0) throw subjectNotFound(subject);
  if (!permanent && live.length === 0)
    throw new RegistryError(
      "SUBJECT_SOFT_DELETED",
      `subject ${JSON.stringify(subject)} is soft-deleted already; permanent=true deletes it for good`,
    );
  registry.checkWritable(subject);
  const gone = permanent ? all : live;
  for (const stored of gone) {
    // What refers to it within the subject goes as well.
    const isOther = (referrer: StoredSchema): boolean => referrer.subject !== subject;
    checkReferrers(registry, stored, (one) => isOther(one) && (permanent || !one.isDeleted));
  }
  if (permanent && live.length > 0)
    throw new RegistryError(
      "SUBJECT_NOT_SOFT_DELETED",
      `subject ${JSON.stringify(subject)} is to be soft-deleted first`,
    );
  const versions = gone.map(({ version }) => version);
  await registry.log.append(
    permanent
      ? [idsEntry(registry), ...tombstones(gone), ...settingsGone(registry, subject)]
      : [
          {
            key: { kind: "DELETE_SUBJECT", subject },
            value: { subject, version: versions[versions.length - 1] },
          },
        ],
  );
  return versions;
}

/** From the newest back: what refers to an earlier version of the same subject goes first. */
export function tombstones(gone: readonly StoredSchema[]): readonly TopicEntry[] {
  return gone.toReversed().map(({ subject, version }) => ({
    key: { kind: "SCHEMA", subject, version },
    value: null,
  }));
}

/** A record of the ids that were given: once compaction takes the last schema of an id, nothing else tells of it. */
export function idsEntry({ state }: Registry): TopicEntry {
  return { key: { kind: "NOOP" }, value: { idsMax: state.idsMax() } };
}

function settingsGone({ state }: Registry, subject: string): readonly TopicEntry[] {
  return [
    ...(state.modes.own(subject) === undefined
      ? []
      : [{ key: { kind: "MODE", subject } as const, value: null }]),
    ...(state.configs.own(subject) === undefined
      ? []
      : [{ key: { kind: "CONFIG", subject } as const, value: null }]),
  ];
}

function checkReferrers(
  { state }: Registry,
  { subject, version }: StoredSchema,
  counts: (referrer: StoredSchema) => boolean,
): void {
  const [referrer] = state.referrers(subject, version).filter(counts);
  if (referrer === undefined) return;
  throw new RegistryError(
    "REFERENCE_EXISTS",
    `version ${version} of subject ${JSON.stringify(subject)} is referred to by version ${referrer.version} of ${JSON.stringify(referrer.subject)}`,
  );
}

export function notFound({ state }: Registry, subject: string, version: number): RegistryError {
  if (state.versions(subject).length === 0) return subjectNotFound(subject);
  return versionNotFound(subject, version);
}

export function versionNotFound(subject: string, version: number): RegistryError {
  const what = version === -1 ? "no latest version" : `no version ${version}`;
  return new RegistryError("VERSION_NOT_FOUND", `subject ${JSON.stringify(subject)} has ${what}`);
}

export function subjectNotFound(subject: string): RegistryError {
  return new RegistryError("SUBJECT_NOT_FOUND", `there is no subject ${JSON.stringify(subject)}`);
}
