/** The machines whose cost a replay counts: the recorded one, and another that its user asks for. */
import { fail, ok, type Result } from '../../../shared/result.ts';
import { LARGEST_OBJECT_BYTES, type PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { roundUp } from '../../machine/units.ts';
import { LOCAL_WINDOW_PAGE_BYTES } from './local-window.ts';
import type { CostedMachine } from './machine-cost.ts';
import type { ReplayRequest } from './open-recording.ts';

/** The recorded machine and the other one; none where no other is wanted. Error: 'bad-input' for one that cannot be. */
export function machinesWanted(
  recorded: PercpuGeometry,
  otherMachine: ReplayRequest['otherMachine'],
): Result<readonly CostedMachine[]> {
  if (otherMachine === undefined) return ok([]);
  const possibleCpus = otherMachine.possibleCpus ?? recorded.possibleCpus;
  const unitBytes = otherMachine.unitBytes ?? recorded.unitBytes;
  const { pageSizeBytes, staticBytes, reservedBytes, dynBytes } = recorded;
  const needed = Math.max(LARGEST_OBJECT_BYTES, staticBytes + reservedBytes + dynBytes);
  if (unitBytes % pageSizeBytes !== 0 || unitBytes < needed) {
    return fail(
      'bad-input',
      `a unit of ${unitBytes} bytes is no number of pages that holds the ${needed} bytes of the first chunk`,
    );
  }
  const allocBytes = Math.max(recorded.allocBytes, unitBytes);
  const units = roundUp(possibleCpus, Math.max(1, Math.floor(allocBytes / unitBytes)));
  const { accessMode } = otherMachine;
  if (accessMode === 'local-mapping' && pageSizeBytes !== LOCAL_WINDOW_PAGE_BYTES) {
    return fail(
      'bad-input',
      `the tables of a local mapping are counted for pages of ${LOCAL_WINDOW_PAGE_BYTES} bytes, not ${pageSizeBytes}`,
    );
  }
  const other = { ...recorded, possibleCpus, unitBytes, allocBytes, units };
  return ok([
    { geometry: recorded, accessMode: undefined },
    { geometry: other, accessMode },
  ]);
}
