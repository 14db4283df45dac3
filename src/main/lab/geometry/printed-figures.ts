/** What a boot printed about its geometry, brought into one form. */
import type { LoggedAlloc, LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import type { GeometryFigures, GroupMap } from '../../../shared/geometry-check.ts';

/** The figures of all lines; where two lines state the same figure, that of the `pcpu-alloc:` line. */
export function printedFigures(boot: LoggedBoot): GeometryFigures {
  const { announcement, allocation, map } = boot;
  const stated = announcement === undefined ? {} : announcementFigures(announcement);
  return {
    ...stated,
    ...(allocation === undefined
      ? {}
      : {
          staticBytes: allocation.staticBytes,
          reservedBytes: allocation.reservedBytes,
          dynamicBytes: allocation.dynamicBytes,
          unitBytes: allocation.unitBytes,
          atoms: allocation.atoms,
          atomBytes: allocation.atomBytes,
        }),
    ...(map.length === 0 ? {} : { groupMap: printedMap(allocsOf(boot)), mapLines: map.map(({ text }) => text) }),
  };
}

function announcementFigures(announcement: NonNullable<LoggedBoot['announcement']>): GeometryFigures {
  const { pagesPerCpu, staticBytes } = announcement;
  if (announcement.form === 'embed-2.6.30') return { pagesPerCpu, staticBytes };
  const { reservedBytes, dynamicBytes } = announcement;
  const sizes = { pagesPerCpu, staticBytes, reservedBytes, dynamicBytes };
  if (announcement.form === 'page') return sizes;
  return announcement.unitBytes === undefined ? sizes : { ...sizes, unitBytes: announcement.unitBytes };
}

/** All allocs of the map, in order. */
export function allocsOf(boot: LoggedBoot): readonly LoggedAlloc[] {
  return boot.map.flatMap(({ allocs }) => allocs);
}

/** Units of each group in the order in which they were printed; groups that were not printed are empty. */
function printedMap(allocs: readonly LoggedAlloc[]): GroupMap {
  const last = Math.max(-1, ...allocs.map(({ group }) => group));
  return Array.from({ length: last + 1 }, (_, group) =>
    allocs.filter((alloc) => alloc.group === group).flatMap((alloc) => alloc.units),
  );
}
