/**
 * True: a JSON text has more levels than that of arrays and objects in one another, each of which costs many times its
 * bytes as it is parsed. Whether it is JSON at all is not looked at.
 */
export function nestsDeeper(text: string, levels: number): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) isInText = !isInText;
    else if (isInText) at += code === 0x5c ? 1 : 0; // what follows a backslash ends no text
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > levels) return true;
  }
  return false;
}
