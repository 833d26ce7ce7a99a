import { listPictures, textPictures } from "./addition-pictures.ts";
import { draw } from "./draw.ts";
import { joinPictures } from "./join-pictures.ts";
import { aggregationPictures, statelessPictures, timerPictures } from "./operator-pictures.ts";
import type { Picture } from "./picture.ts";
import { windowPictures } from "./window-pictures.ts";

const drawers: Readonly<Record<string, () => string>> = {
  ...drawersOf(windowPictures),
  ...drawersOf(joinPictures),
  ...drawersOf(aggregationPictures),
  ...drawersOf(statelessPictures),
  ...drawersOf(timerPictures),
  ...drawersOf(textPictures),
  ...drawersOf(listPictures),
};

/** Names of all pictures; a page shows one as a block of the kind `picture NAME`. */
export const pictureNames: readonly string[] = Object.keys(drawers);

/** Undefined: there is none of that name. */
export function drawn(name: string): string | undefined {
  return drawers[name]?.();
}

function drawersOf<K, V>(
  pictures: Readonly<Record<string, Picture<K, V>>>,
): Readonly<Record<string, () => string>> {
  return Object.fromEntries(
    Object.entries(pictures).map(([name, picture]) => [name, () => draw(picture)]),
  );
}

/** A page with its pictures drawn anew. */
export function withPictures(text: string): string {
  return text.replaceAll(/^```picture ([\w-]+)\n[\s\S]*?^```$/gm, (block, name: string) => {
    const picture = drawn(name);
    return picture === undefined ? block : `\`\`\`picture ${name}\n${picture}\`\`\``;
  });
}
