/**
 * Trees of greenlets, for those who look for one that hangs.
 *
 * @module
 */

import type { Greenlet } from "./greenlet.ts";
import { strandsOf } from "./population.ts";
import { existingTreeLocalsOf } from "./spawn_tree.ts";
import { currentStrand, type Strand } from "./strand.ts";
import { spawnedAt } from "./watchdog.ts";

/** So many greenlets of a tree are described. */
const MOST = 1000;
/** So long is the description of a value at most. */
const LONGEST = 80;

/** Makes the tree of a greenlet, without those that it has made. */
let plant: (strand: Strand) => GreenletTree;

/**
 * A greenlet and those that were made in it, as gevent's `GreenletTree`: what there is at one moment, of greenlets that were
 * started and have not ended. Where the one has ended that has made a greenlet, that begins a tree of its own.
 *
 * @example Usage
 * ```ts
 * import { GreenletTree, hub, killAll, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const parent = spawn(async () => {
 *   spawn(sleep, 1000).name = "child";
 *   await sleep(1000);
 * });
 * parent.name = "parent";
 * while (hub.statistics().sleeping < 2) await sleep(0);
 * const forest = GreenletTree.forest();
 * assertEquals(forest.map((tree) => tree.formatLines()), [[
 *   "<parent running> waits for sleep(1000)",
 *   "+-- <child running> waits for sleep(1000)",
 * ]]);
 * await killAll(hub.greenlets);
 * ```
 */
export class GreenletTree {
  /** The greenlet. */
  readonly greenlet: Greenlet<unknown>;
  /** The trees of those that were made in it, the oldest first. */
  readonly childTrees: readonly GreenletTree[];
  readonly #children: GreenletTree[] = [];
  readonly #strand: Strand;
  #isCurrent = false;

  private constructor(strand: Strand) {
    this.#strand = strand;
    this.greenlet = strand.facade as Greenlet<unknown>;
    this.childTrees = this.#children;
  }

  static {
    plant = (strand) => new GreenletTree(strand);
  }

  /** Gives the trees of all greenlets of this thread, the oldest first. */
  static forest(): GreenletTree[] {
    const roots: GreenletTree[] = [];
    const trees: Map<Strand, GreenletTree> = new Map();
    const all = strandsOf();
    for (const strand of all) trees.set(strand, plant(strand));
    for (const [strand, tree] of trees) {
      const parent = trees.get(strand.origin?.spawner as Strand);
      (parent === undefined ? roots : parent.#children).push(tree);
    }
    let current = currentStrand();
    while (current !== null) {
      const tree = trees.get(current);
      if (tree !== undefined) tree.#isCurrent = true;
      current = current.origin?.spawner ?? null;
    }
    return roots;
  }

  /** Gives the tree to which the running code belongs; `null` outside of greenlets. */
  static currentTree(): GreenletTree | null {
    return GreenletTree.forest().find(({ isCurrentTree }) => isCurrentTree) ?? null;
  }

  /** Whether the running code belonged to the tree when it was made. */
  get isCurrentTree(): boolean {
    return this.#isCurrent;
  }

  /** Describes the tree, as `formatLines` does, in one text. */
  format(): string {
    return this.formatLines().join("\n");
  }

  /**
   * Describes the tree, line by line: of each greenlet its name, how far it is, and what it waits for; its locals of the tree,
   * if there are any; where it was spawned, if a watchdog is at work ({@linkcode GreenletHub.watchdog}). After a thousand
   * greenlets it says how many there are more.
   */
  formatLines(): string[] {
    const lines: string[] = [];
    const left: { tree: GreenletTree; lead: string; rest: string }[] = [
      { tree: this, lead: "", rest: "" },
    ];
    let count = 0;
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { tree, lead, rest } = next;
      if (++count <= MOST) {
        lines.push(`${lead}${describe(tree.#strand)}`);
        for (const detail of tree.#details(tree === this)) lines.push(`${rest}:   ${detail}`);
      }
      const children = tree.#children;
      for (let i = children.length - 1; i >= 0; i--) {
        const bar = i === children.length - 1 ? "    " : "|   ";
        left.push({
          tree: children[i] as GreenletTree,
          lead: count < MOST ? `${rest}+-- ` : "",
          rest: count < MOST ? `${rest}${bar}` : "",
        });
      }
    }
    if (count > MOST) lines.push(`and ${count - MOST} more`);
    return lines;
  }

  /** Describes the tree. */
  toString(): string {
    return this.format();
  }

  #details(isFirst: boolean): string[] {
    const strand = this.#strand;
    const details = spawnedAt(strand).split("\n").filter((line) => line.trim() !== "");
    if (details.length > 0) details.unshift("spawned");
    const locals = isFirst ? existingTreeLocalsOf(strand) : null;
    for (const key of Reflect.ownKeys(locals ?? {})) {
      details.push(`${String(key)} = ${describeProperty(locals as object, key)}`);
    }
    return details;
  }
}

function describe(strand: Strand): string {
  if (strand === currentStrand()) return String(strand.facade);
  return `${strand.facade} waits for ${strand.waitsFor().join(", ")}`;
}

function describeProperty(object: object, key: PropertyKey): string {
  try {
    const text = describeValue(Reflect.get(object, key));
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  } catch (error) {
    return `(${error})`;
  }
}

function describeValue(value: unknown): string {
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || value instanceof Error) return String(value);
  return JSON.stringify(value) ?? String(value);
}
