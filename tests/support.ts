/** What tests of several folders need. */

/**
 * Looks again and again until a condition holds, while the event loop turns.
 *
 * @param condition What is waited for.
 * @param what Says what was seen, if it never holds.
 */
export async function until(
  condition: () => boolean,
  what: () => string = () => "",
): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited too long: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
