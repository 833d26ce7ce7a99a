/**
 * The order in which a `java.util.HashSet` of texts, filled in the order given, is walked: Kafka's `describe()`
 * shows it, and the text is to be equal. Buckets by hash, in order of insertion within one.
 */
export function hashSetOrder(texts: readonly string[]): readonly string[] {
  return hashOrder([...new Set(texts)], stringHash);
}

/**
 * The order in which Kafka's task walks its input partitions: a `HashMap` by topic and partition, filled from one by
 * topic. It matters where a task waits for several empty inputs.
 */
export function hashOrderOfTopics(topics: readonly string[], partition: number): readonly string[] {
  return hashOrder(hashSetOrder(topics), (topic) =>
    Math.trunc(31 * (31 + partition) + stringHash(topic)),
  );
}

function hashOrder(items: readonly string[], hashOf: (item: string) => number): readonly string[] {
  let capacity = 16;
  while (items.length > capacity * 0.75) capacity *= 2;
  const buckets: string[][] = [];
  for (const item of items) {
    const hash = hashOf(item) | 0;
    const index = (hash ^ (hash >>> 16)) & (capacity - 1);
    (buckets[index] ??= []).push(item);
  }
  return buckets.flat();
}

function stringHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++)
    hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

interface TreeNode<T> {
  readonly item: T;
  parent: TreeNode<T> | undefined;
  left: TreeNode<T> | undefined;
  right: TreeNode<T> | undefined;
  isRed: boolean;
}

/**
 * A `java.util.TreeSet` as far as its shape matters: the order of Kafka's nodes changes while they are inserted,
 * so that the walk depends on how the red-black tree was balanced on the way.
 */
export class TreeSet<T> {
  readonly #compare: (left: T, right: T) => number;
  #root: TreeNode<T> | undefined;

  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare;
  }

  add(item: T): void {
    let parent: TreeNode<T> | undefined;
    let place = this.#root;
    let order = 0;
    while (place !== undefined) {
      parent = place;
      order = this.#compare(item, place.item);
      if (order === 0) return;
      place = order < 0 ? place.left : place.right;
    }
    const node: TreeNode<T> = { item, parent, left: undefined, right: undefined, isRed: true };
    if (parent === undefined) this.#root = node;
    else if (order < 0) parent.left = node;
    else parent.right = node;
    this.#balance(node);
  }

  items(): readonly T[] {
    const items: T[] = [];
    const walk = (node: TreeNode<T> | undefined): void => {
      if (node === undefined) return;
      walk(node.left);
      items.push(node.item);
      walk(node.right);
    };
    walk(this.#root);
    return items;
  }

  #balance(inserted: TreeNode<T>): void {
    let node = inserted;
    while (node.parent?.isRed === true) {
      const grandparent: TreeNode<T> | undefined = node.parent.parent;
      if (grandparent === undefined) break;
      const isLeft: boolean = node.parent === grandparent.left;
      const uncle: TreeNode<T> | undefined = isLeft ? grandparent.right : grandparent.left;
      if (uncle?.isRed === true) {
        node.parent.isRed = false;
        uncle.isRed = false;
        grandparent.isRed = true;
        node = grandparent;
        continue;
      }
      if (node === (isLeft ? node.parent.right : node.parent.left)) {
        node = node.parent;
        this.#rotate(node, isLeft ? "left" : "right");
      }
      if (node.parent !== undefined) node.parent.isRed = false;
      grandparent.isRed = true;
      this.#rotate(grandparent, isLeft ? "right" : "left");
    }
    if (this.#root !== undefined) this.#root.isRed = false;
  }

  #rotate(node: TreeNode<T>, direction: "left" | "right"): void {
    const child = direction === "left" ? node.right : node.left;
    if (child === undefined) return;
    const inner = direction === "left" ? child.left : child.right;
    if (direction === "left") node.right = inner;
    else node.left = inner;
    if (inner !== undefined) inner.parent = node;
    child.parent = node.parent;
    if (node.parent === undefined) this.#root = child;
    else if (node.parent.left === node) node.parent.left = child;
    else node.parent.right = child;
    if (direction === "left") child.left = node;
    else child.right = node;
    node.parent = child;
  }
}
