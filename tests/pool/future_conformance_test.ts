import { Future, ThreadPoolExecutor } from "../../pool/mod.ts";
import { type Ending, futureConformance } from "../conformance/future_conformance.ts";
import { begin, meeting, running } from "../conformance/pool_support.ts";
import { answer, occupy } from "./conformance_tasks.ts";

futureConformance({
  name: "Future",
  byHand: true,
  make(ending: Ending) {
    const future = new Future<unknown>();
    return {
      future,
      begin() {
        future.setRunningOrNotifyCancel();
        return Promise.resolve();
      },
      finish() {
        if (future.done()) return;
        if (ending instanceof Error) future.setException(ending);
        else future.setResult(ending);
      },
      close: () => Promise.resolve(),
    };
  },
});

futureConformance({
  name: "Future of a ThreadPoolExecutor",
  byHand: false,
  make(ending: Ending) {
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const [before, own] = [meeting("thread"), meeting("thread")];
    const blocker = executor.submit(occupy, before.begun, before.gate);
    const future = executor.submit(answer, own.begun, own.gate, ending);
    return {
      future,
      async begin() {
        before.gate.set();
        await blocker;
        await begin(own);
        await running(future);
      },
      finish() {
        before.gate.set();
        own.gate.set();
      },
      close: () => executor.shutdown(),
    };
  },
});
