/**
 * The contract's methods over any carrier that can bring a method name and its argument to the lab and an answer back.
 */
import { contractInputs, type LabMethods } from './contract.ts';
import type { Result } from './result.ts';

/** Carries one call; must answer with a `Result` and never reject. */
export type Carrier = (method: string, input: unknown) => Promise<Result<unknown>>;

/** One function per method of the contract, each handing its argument to `carry`; the lab's side parses it. */
export function labMethodsOver(carry: Carrier): LabMethods {
  const methods = Object.keys(contractInputs).map((method) => [method, (input: unknown) => carry(method, input)]);
  // The lab answers each method with that method's output; this is the one place that takes its word for it.
  return Object.fromEntries(methods) as LabMethods;
}
