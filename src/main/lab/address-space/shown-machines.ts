/** The machines that somebody looks at: built when first asked for, the last few kept. */
import type { AddressSpaceShape, SpaceMoment } from '../../../shared/address-space-contract.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { ShownMachine } from './shown-machine.ts';

/** One with TLBs of their own and one with shared ones can be compared without being built anew. */
const KEPT = 2;

export class ShownMachines {
  readonly #isMeasuring: () => boolean;
  /** By what was asked for; the one that was used last is the last. */
  readonly #kept = new Map<string, ShownMachine>();

  /** `isMeasuring` says whether an experiment runs, which building a machine would disturb. */
  constructor(isMeasuring: () => boolean) {
    this.#isMeasuring = isMeasuring;
  }

  /** The machine of that shape as it is at `moment`; as it was left where that is absent. Errors: 'busy', and those of building it. */
  open(shape: AddressSpaceShape, moment?: SpaceMoment): Result<ShownMachine> {
    const key = JSON.stringify(shape);
    const kept = this.#kept.get(key);
    if (kept !== undefined && (moment === undefined || kept.moment === moment)) return ok(this.#keep(key, kept));
    if (this.#isMeasuring()) {
      return fail('busy', 'an experiment is being measured; the address space is shown when it has ended');
    }
    const built = kept === undefined ? ShownMachine.build(shape) : ok(kept);
    if (!built.ok) return built;
    if (moment !== undefined && built.value.moment !== moment) built.value.moveTo(moment);
    return ok(this.#keep(key, built.value));
  }

  #keep(key: string, machine: ShownMachine): ShownMachine {
    this.#kept.delete(key);
    this.#kept.set(key, machine);
    for (const oldest of [...this.#kept.keys()].slice(0, -KEPT)) this.#kept.delete(oldest);
    return machine;
  }
}
