/** Makes the conformance suites run at scope `"process"`: to be imported before them. */

(globalThis as { nogilTestsProcessScope?: boolean }).nogilTestsProcessScope = true;

/** The scope that is tested. */
export const tested = "process";
