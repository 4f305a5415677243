/**
 * What agents are called: the module of threads knows, others only ask.
 *
 * @module
 */

let nameOf: (agent: number) => string = (agent) => `agent ${agent}`;

/** The name of the thread that an agent runs. */
export function agentName(agent: number): string {
  return nameOf(agent);
}

/** Says how agents are named. Called once, by the module of threads. */
export function setAgentNames(find: (agent: number) => string): void {
  nameOf = find;
}
