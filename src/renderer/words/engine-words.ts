/** Who plays the CPUs of a run, in words; and when the kernel cannot be it. */
import type { HostDescription } from '../../shared/contract.ts';
import type { Profile } from '../../shared/profile.ts';
import type { Engine } from '../../shared/run-record.ts';
import type { GlossaryTerm } from './glossary.ts';

/** Each engine with what it measures, in one sentence. */
export const ENGINE_WORDS: Readonly<Record<Engine, { readonly term: GlossaryTerm; readonly sentence: string }>> = {
  live: {
    term: 'live',
    sentence: 'The simulated machine of this form, each of its CPUs a worker thread: every design in turn.',
  },
  kernel: {
    term: 'kernelEngine',
    sentence:
      'The zram of the lab’s host as it is, on devices that the lab makes and removes: one design, with the jobs, page data, devices and disk size of this form.',
  },
};

/** Why the kernel engine cannot run this profile on this host; undefined when it can, or as long as nothing is known. */
export function kernelObstacle(host: HostDescription | undefined, profile: Profile | undefined): string | undefined {
  if (host?.kernelObstacle !== undefined) return sentence(host.kernelObstacle.message);
  if (profile === undefined || profile.workload.kind === 'fio') return undefined;
  return 'The kernel engine runs fio workloads; this one leaves zram alone and needs the simulated machine.';
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
