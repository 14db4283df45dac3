/** The machine's own mm_stat: the text that reading the file would give, read like the kernel's. */
import { parseMmStat } from '../../../shared/zram-stat-text.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { mmStatText } from '../../machine/zram/device-texts.ts';
import type { MmStat } from '../../../shared/zram-stat.ts';

/** Of one device. Exact while no CPU runs. */
export function machineMmStat(arena: Arena, device: number): MmStat {
  const parsed = parseMmStat(mmStatText(arena, device));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}
