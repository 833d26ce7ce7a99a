/** Its content may have dashes: those of the headers that keys in OpenSSL's older form have. */
const block = /-+BEGIN ([A-Z0-9 ]+?)-+(.*?)-+END \1-+/gs;
const lineLength = 64;

export interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  readonly text: string;
}

/**
 * The blocks of a text, each in lines of its own: a value of a properties file may have lost its line
 * breaks, or have them as `\n`. What stands between blocks is left out.
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const found = text.replaceAll(String.raw`\n`, "\n").matchAll(block);
  return Array.from(found, ([whole, label, content]) => {
    // The lines of headers count.
    if (content.includes(":")) return { label, text: `${whole}\n` };
    const lines = content.replaceAll(/\s+/g, "").match(new RegExp(`.{1,${lineLength}}`, "g")) ?? [];
    const all = [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""];
    return { label, text: all.join("\n") };
  });
}
