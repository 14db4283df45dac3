/** zram devices in the words of a report: their statistics files, their pools' classes, and who made what is stored. */
import type { CodecName } from '../../../shared/codec.ts';
import type { RecompressionAlgorithm } from '../../../shared/zram-profile.ts';
import type { StoredShare, ZramClass, ZramDeviceState } from '../../../shared/zram-report.ts';
import { IO_STAT_COLUMNS, type IoStat, MM_STAT_COLUMNS, type MmStat } from '../../../shared/zram-stat.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { bdStatText, debugStatText, ioStatText, mmStatText } from '../../machine/zram/device-texts.ts';
import { readPoolClasses } from '../../machine/zram/pool-classes.ts';
import { readStoredContents } from '../../machine/zram/stored-contents.ts';

/** The codecs of a device by priority: the primary one first. */
export type DeviceCodecs = readonly [CodecName, ...RecompressionAlgorithm[]];

/** Of a machine that may be running: what can be read in passing. Any thread, without a lock. */
export function runningDeviceStates(arena: Arena): readonly ZramDeviceState[] {
  return Array.from({ length: arena.config.devices }, (_, device) => ({
    mmStat: mmStatText(arena, device),
    ioStat: ioStatText(arena, device),
    debugStat: debugStatText(arena, device),
    bdStat: bdStatText(),
    classes: usedClasses(arena, device),
  }));
}

/** Of a machine at rest: with what each codec has made, for which every slot is looked at. */
export function restingDeviceStates(arena: Arena, codecs: DeviceCodecs): readonly ZramDeviceState[] {
  return runningDeviceStates(arena).map((state, device) => ({ ...state, stored: storedShares(arena, device, codecs) }));
}

/** Of devices of this host's kernel, which shows neither their classes nor who made what. */
export function kernelDeviceStates(
  mmStat: readonly MmStat[],
  ioStat: readonly (IoStat | undefined)[],
): readonly ZramDeviceState[] {
  return mmStat.map((stat, device) => {
    const requests = ioStat[device];
    return {
      mmStat: statLine(MM_STAT_COLUMNS.map((column) => stat[column])),
      ioStat: requests === undefined ? '' : statLine(IO_STAT_COLUMNS.map((column) => requests[column])),
      debugStat: '',
      bdStat: '',
      classes: [],
    };
  });
}

function statLine(numbers: readonly number[]): string {
  return `${numbers.map((number) => String(number).padStart(8)).join(' ')}\n`;
}

function usedClasses(arena: Arena, device: number): readonly ZramClass[] {
  return readPoolClasses(arena, device)
    .filter((row) => row.allocatedObjects > 0)
    .map(({ kernelIndex, objectsPerZspage: _, ...row }) => ({ index: kernelIndex, ...row }));
}

/** Codecs without a page are left out, except the primary one. */
function storedShares(arena: Arena, device: number, codecs: DeviceCodecs): readonly StoredShare[] {
  const { same, huge, compressed } = readStoredContents(arena, device);
  const made = codecs.map((by, priority) => ({ by, ...(compressed[priority] ?? { pages: 0, bytes: 0 }) }));
  const shares: readonly StoredShare[] = [...made, { by: 'huge', ...huge }, { by: 'same-filled', ...same }];
  return shares.filter(({ pages }, place) => place === 0 || pages > 0);
}
