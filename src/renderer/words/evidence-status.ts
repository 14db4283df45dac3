/** What became of a file that was brought, in a few words with a sign. */
import { assertUnreachable } from '../../shared/result.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatProgress } from '../format/percent.ts';
import type { EvidenceItem } from '../stores/evidence-store.ts';
import type { TraceReplay } from '../stores/replay-store.ts';
import { GEOMETRY_VERDICT_WORDS } from './geometry-rows.ts';
import { replayVerdict } from './replay-words.ts';

export interface EvidenceStatus {
  readonly words: string;
  readonly tone: 'plain' | 'good' | 'warning' | 'bad';
}

const VERDICT_TONES = { match: 'good', differs: 'bad', incomplete: 'warning' } as const;
const REPLAY_TONES = { good: 'good', partly: 'warning', bad: 'bad' } as const;

/** `replays` by the file id of their trace. */
export function evidenceStatus(
  { state, sizeBytes }: EvidenceItem,
  replays: ReadonlyMap<string, TraceReplay>,
): EvidenceStatus {
  if (state.kind === 'sending') {
    const share = sizeBytes === 0 ? 1 : state.sentBytes / sizeBytes;
    return { words: `sending ${formatProgress(share)} of ${formatBytes(sizeBytes)}`, tone: 'plain' };
  }
  if (state.kind === 'refused') return { words: '✕ cannot be used', tone: 'bad' };
  const { kind, fileId } = state.file;
  switch (kind) {
    case 'boot-log': {
      if (state.check === undefined) return { words: 'boot log · being checked', tone: 'plain' };
      const { sign, word } = GEOMETRY_VERDICT_WORDS[state.check.verdict];
      return { words: `${sign} boot log · ${word}`, tone: VERDICT_TONES[state.check.verdict] };
    }
    case 'percpu-stats':
      return { words: 'percpu_stats', tone: 'plain' };
    case 'trace':
      return traceStatus(replays.get(fileId));
    default:
      return assertUnreachable(kind);
  }
}

function traceStatus(replay: TraceReplay | undefined): EvidenceStatus {
  const progress = replay?.progress;
  switch (progress?.kind) {
    case undefined:
      return { words: 'trace', tone: 'plain' };
    case 'replaying':
      return { words: `trace · replaying ${formatProgress(progress.fraction)}`, tone: 'plain' };
    case 'cancelling':
      return { words: 'trace · cancelling…', tone: 'plain' };
    case 'failed': {
      const cancelled = progress.error.code === 'cancelled';
      return { words: cancelled ? '◼ trace · cancelled' : '✕ trace · failed', tone: cancelled ? 'plain' : 'bad' };
    }
    case 'done': {
      if (replay?.finished === undefined) return { words: 'trace', tone: 'plain' };
      const { kind, sign, word } = replayVerdict(replay.finished.report);
      return { words: `${sign} trace · ${word}`, tone: REPLAY_TONES[kind] };
    }
    default:
      return assertUnreachable(progress);
  }
}
