/**
 * The core of the guarded door: whatever carries a call, here its method is looked up, its argument parsed, and
 * whatever happens inside the lab becomes a `Result`. What is behind the door sees only arguments of the right shape;
 * what is before it sees only sentences.
 */
import * as v from 'valibot';
import {
  contractInputs,
  isMethod,
  type Input,
  type LabContract,
  type LabMethods,
  type Method,
  type Output,
} from '../../shared/contract.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { reportUnexpected } from './report-unexpected.ts';

/**
 * Calls `method` of `lab` with `input`, neither of which is trusted. Never rejects: 'bad-input' names the wrong field
 * in `where`; a broken invariant inside the lab is 'unavailable', with its details on standard error only.
 */
export async function dispatch(lab: LabContract, method: string, input: unknown): Promise<Result<unknown>> {
  if (!isMethod(method)) return fail('bad-input', `The lab has no method ${quote(method)}`, 'method');
  const parsed = parseInput(method, input);
  if (!parsed.ok) return parsed;
  try {
    return await callParsed(lab, method, parsed.value);
  } catch (thrown) {
    reportUnexpected(`${method} failed unexpectedly`, thrown);
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return fail('unavailable', `The lab could not carry out ${method}: ${firstLine(reason)}`);
  }
}

/** Ties a method to its own argument's type. */
function callParsed<M extends Method>(lab: LabMethods, method: M, input: Input<M>): Promise<Result<Output<M>>> {
  return lab[method](input);
}

function parseInput<M extends Method>(method: M, input: unknown): Result<Input<M>> {
  const parsed = v.safeParse(contractInputs[method], input, {
    // Only for fields whose schema has no sentence of its own.
    message: (issue) => `${method} needs ${issue.expected} here, not ${quote(issue.received)}`,
  });
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? undefined;
  return fail('bad-input', field === undefined ? issue.message : `${field}: ${issue.message}`, field);
}

/** Shortened, so that a long value does not become a long sentence. */
function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
