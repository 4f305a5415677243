/** A module that starts a thread when it is imported, and does not ask whether it is the program. */

import { task } from "../../_core/task.ts";
import { Thread } from "../../thread/mod.ts";

export const work = task(import.meta, () => "worked");

new Thread({ target: work, daemon: true }).start().join().catch(() => {});
