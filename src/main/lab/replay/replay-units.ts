/** The units of a recorded machine as far as its boot log tells: which CPU has which, and where it lies. */
import type { PictureUnit } from '../../../shared/percpu-picture.ts';
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import type { PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';

/** One entry per unit. Where a second group's block lies no log tells, so its units have no offset. */
export function replayUnits(geometry: PercpuGeometry, boot: LoggedBoot | undefined): readonly PictureUnit[] {
  const { units, unitBytes, possibleCpus } = geometry;
  const mapped = boot?.map.flatMap(({ allocs }) =>
    allocs.flatMap(({ group, units: cpus }) => cpus.map((cpu) => ({ cpu, group }))),
  );
  const known =
    mapped?.length === units
      ? mapped
      : Array.from({ length: units }, (_, unit) => ({ cpu: unit < possibleCpus ? unit : undefined, group: 0 }));
  return known.map(({ cpu, group }, index) => ({
    cpu,
    group,
    offsetBytes: group === 0 ? index * unitBytes : undefined,
  }));
}
