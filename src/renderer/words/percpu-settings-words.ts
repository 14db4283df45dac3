/** A machine's per-CPU memory in one line, and changing one thing of it. */
import type { PercpuSettings } from '../../shared/percpu-settings.ts';

/** What stands beside the folded-up form: `x86-64, Linux 6.18, auto, as usual`. `designsChoose`: the first chunk is the designs'. */
export function percpuSettingsLine(settings: PercpuSettings, isUsual: boolean, designsChoose: boolean): string {
  const { architecture, kernel, firstChunk, nodes } = settings;
  const parts = [architecture, `Linux ${kernel}`];
  if (!designsChoose) parts.push(`first chunk ${firstChunk}`);
  if (nodes !== 1) parts.push(`${nodes} nodes`);
  if (isUsual) parts.push('as usual');
  return parts.join(', ');
}

/** The settings with one of them changed; one that is left open has no entry. */
export function withSetting<K extends keyof PercpuSettings>(
  settings: PercpuSettings,
  field: K,
  value: PercpuSettings[K],
): PercpuSettings {
  const changed = { ...settings, [field]: value };
  if (changed.reservedBytes === undefined) delete changed.reservedBytes;
  if (changed.limitBytes === undefined) delete changed.limitBytes;
  return changed;
}
