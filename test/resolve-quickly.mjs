/*
 * Preloaded by all Node processes that tests start, and their threads (vitest.config.ts): half of the time in which they
 * load the repository's sources Node looks for files, for links in their paths and for the manifests around them, at each
 * of thousands of imports. Here a file of ours that another one imports lies beside it, and what a package imports of
 * another is looked for once by each package. No TypeScript, since even a Node that is too old for Millrace loads it.
 */
import module from "node:module";

const root = new URL("../", import.meta.url).href;
const ofPackage = /^packages\/[^/]+\/src\//;
const ownFile = /^\.\.?\/[^?#]*\.ts$/;
const found = new Map();

module.registerHooks?.({
  resolve: (specifier, context, resolve) => {
    const { parentURL = "", conditions } = context; // of what is required they are a set on Node 22
    if (!parentURL.startsWith(root) || !new Set(conditions).has("import"))
      return resolve(specifier, context);
    const folder = ofPackage.exec(parentURL.slice(root.length))?.[0];
    if (folder === undefined) return resolve(specifier, context);
    if (ownFile.test(specifier)) {
      const { href } = new URL(specifier, parentURL);
      return { url: href, format: "module-typescript", shortCircuit: true };
    }
    const key = `${folder} ${specifier}`;
    const known = found.get(key);
    if (known !== undefined) return known;
    const { url, format } = resolve(specifier, context);
    const resolved = { url, format, shortCircuit: true };
    found.set(key, resolved);
    return resolved;
  },
});
