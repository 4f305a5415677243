/**
 * Who has made whom.
 *
 * Of the one that has made it a greenlet knows no more than an {@linkcode Origin}, which all that one has made share: a dead
 * greenlet is not kept by those that it has left behind.
 *
 * @module
 */

import type { Strand } from "./strand.ts";

/** What all greenlets of a tree share: the first one, those that it has made, those that these have made… */
export interface SpawnTree {
  /** Made when somebody asks for it. */
  locals: Record<PropertyKey, unknown> | null;
}

/** Where the greenlets come from that one of them has made. */
export class Origin {
  /** The one that has made them; `null` when it has ended. */
  spawner: Strand | null;
  /** The tree that they belong to. */
  readonly tree: SpawnTree;

  /** Begins a tree, unless there is one. */
  constructor(spawner: Strand, tree: SpawnTree = { locals: null }) {
    this.spawner = spawner;
    this.tree = tree;
  }
}

/** Gives what the greenlets of a tree share. */
export function treeLocalsOf(strand: Strand): Record<PropertyKey, unknown> {
  return treeOf(strand).locals ??= {};
}

/** Gives what the greenlets of a tree share, if anybody has asked for it. */
export function existingTreeLocalsOf(strand: Strand): Record<PropertyKey, unknown> | null {
  return (strand.origin ?? strand.existingOffspring)?.tree.locals ?? null;
}

function treeOf(strand: Strand): SpawnTree {
  return (strand.origin ?? strand.offspring).tree;
}
