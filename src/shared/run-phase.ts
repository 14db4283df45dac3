/** What a run is at: preparing machine or data, laying out files, writing, reading, or both mixed; per-CPU objects made and destroyed, per-CPU data
 * accessed; recompressing. */
export const RUN_PHASES = [
  'prepare',
  'layout',
  'write',
  'read',
  'mixed',
  'create',
  'destroy',
  'access',
  'recompress',
] as const;
export type RunPhase = (typeof RUN_PHASES)[number];
