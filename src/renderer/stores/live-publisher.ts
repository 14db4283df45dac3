import { shallowRef, type ShallowRef } from 'vue';
import type { RunProgress } from '../../shared/contract.ts';
import type { Design } from '../../shared/design.ts';
import type { Profile } from '../../shared/profile.ts';
import { DIRECTIONS_OF_WORKLOAD } from '../../shared/run-record.ts';
import { createLiveFigures, type LiveFigures, type LiveSnapshot } from './live-figures.ts';

/** Drawing takes time of the cores that are measured. */
const PUBLISH_EVERY_MS = 1000;

const NOTHING_YET: LiveSnapshot = { progress: undefined, throughput: [], memory: [], held: [], cpus: [] };

/** Gathers the progress of a run and publishes it at a pace that charts can follow. */
export interface LivePublisher {
  readonly live: Readonly<ShallowRef<LiveSnapshot>>;
  /** Forgets the run before and waits for figures of one of this profile, with these designs. */
  readonly begin: (profile: Profile, designs: readonly Design[]) => void;
  readonly add: (progress: RunProgress) => void;
  /** Publishes what was gathered without waiting; also to be called when nothing more comes. */
  readonly flush: () => void;
}

/** A publisher with nothing to show yet; `flush` it when it is given up, so that no timer is left. */
export function createLivePublisher(): LivePublisher {
  const live = shallowRef(NOTHING_YET);
  let figures: LiveFigures | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (figures !== undefined) live.value = figures.snapshot();
  }

  function begin({ workload }: Profile, designs: readonly Design[]): void {
    figures = createLiveFigures(designs, DIRECTIONS_OF_WORKLOAD[workload.kind]);
    flush();
  }

  function add(progress: RunProgress): void {
    figures?.add(progress);
    timer ??= setTimeout(flush, PUBLISH_EVERY_MS);
  }

  return { live, begin, add, flush };
}
