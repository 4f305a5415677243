/**
 * Paths to a value inside another, as one would write them: `args[0].options.onDone`.
 *
 * @module
 */

/** A step: an index, the name of a property, the key of a map, or a text of its own. */
export type PathSegment = number | string | { readonly key: unknown } | { readonly text: string };

/** Puts the first `count` segments behind the name of the root. */
export function formatPath(root: string, segments: readonly PathSegment[], count: number): string {
  let path = root;
  for (let i = 0; i < count; i++) path += formatSegment(segments[i] as PathSegment);
  return path;
}

function formatSegment(segment: PathSegment): string {
  if (typeof segment === "number") return `[${segment}]`;
  if (typeof segment === "string") {
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(segment)
      ? `.${segment}`
      : `[${JSON.stringify(segment)}]`;
  }
  if ("text" in segment) return segment.text;
  const { key } = segment;
  const shown = typeof key === "string"
    ? JSON.stringify(key)
    : typeof key === "object" && key !== null || typeof key === "function"
    ? "…"
    : String(key);
  return `.get(${shown})`;
}
