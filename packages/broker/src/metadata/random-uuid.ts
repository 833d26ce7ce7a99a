import { fromHex } from "@millrace/model";
import type { Random } from "@millrace/platform";
import { uuidFromBytes } from "@millrace/protocol/wire";

/** A version 4 UUID whose text form does not begin with a dash, which command lines would take for an option. */
export function randomUuid(random: Random): string {
  for (;;) {
    const id = uuidFromBytes(fromHex(random.uuid().replaceAll("-", "")));
    if (!id.startsWith("-")) return id;
  }
}
