/** The contract's methods for files of kernel evidence: uploads, the geometry check, replays. */
import type { Input, LabMethods } from '../../shared/contract.ts';
import type { EvidenceKind, EvidenceOutputs } from '../../shared/evidence-contract.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { checkGeometry } from './geometry/check-geometry.ts';
import { readLogFile } from './geometry/read-log-file.ts';
import { ReplayControl, type ReplayFiles } from './replay/replay-control.ts';
import { type KeptFile, UploadShelf } from './uploads/upload-shelf.ts';

export interface EvidenceMethods extends Pick<LabMethods, keyof EvidenceOutputs> {
  /** Whether a replay goes on. */
  readonly isReplaying: () => boolean;
  /** Ends replays and removes the files. */
  readonly closeEvidence: () => Promise<void>;
}

/** `isMeasuring` says whether an experiment runs: a replay would take its CPUs away, and is refused meanwhile. */
export function createEvidenceMethods(isMeasuring: () => boolean): EvidenceMethods {
  const shelf = new UploadShelf();
  const replays = new ReplayControl();
  return {
    openUpload: (input) => shelf.open(input),
    sendUpload: (input) => shelf.receive(input),
    closeUpload: ({ fileId }) => shelf.finish(fileId),
    dropEvidence: ({ fileId }) => {
      shelf.drop(fileId);
      return Promise.resolve(ok({}));
    },
    checkGeometry: ({ fileId }) => checkFile(shelf, fileId),
    startReplay: (input) => {
      if (isMeasuring()) {
        return Promise.resolve(fail('busy', 'an experiment is being measured, and a replay would disturb it'));
      }
      const files = replayFiles(shelf, input);
      return Promise.resolve(files.ok ? ok(replays.start(files.value, input.otherMachine)) : files);
    },
    replayState: ({ replayId }) => Promise.resolve(replays.state(replayId)),
    cancelReplay: ({ replayId }) => Promise.resolve(replays.cancel(replayId)),
    replayPicture: (input) => Promise.resolve(replays.picture(input)),
    isReplaying: () => replays.active,
    closeEvidence: async () => {
      await replays.close();
      shelf.close();
    },
  };
}

async function checkFile(shelf: UploadShelf, fileId: string): Promise<Result<EvidenceOutputs['checkGeometry']>> {
  const kept = fileOfKind(shelf, fileId, 'boot-log');
  if (!kept.ok) return kept;
  const { file, path } = kept.value;
  const text = await readLogFile(path);
  if (text.ok) return ok(checkGeometry({ name: file.name, text: text.value }));
  return fail(text.error.code, text.error.message.replaceAll(path, file.name), file.name);
}

function replayFiles(shelf: UploadShelf, input: Input<'startReplay'>): Result<ReplayFiles> {
  const trace = fileOfKind(shelf, input.traceId, 'trace');
  if (!trace.ok) return trace;
  const dmesg = input.dmesgId === undefined ? ok(undefined) : fileOfKind(shelf, input.dmesgId, 'boot-log');
  if (!dmesg.ok) return dmesg;
  const stats = input.statsId === undefined ? ok(undefined) : fileOfKind(shelf, input.statsId, 'percpu-stats');
  if (!stats.ok) return stats;
  return ok({ trace: trace.value, dmesg: dmesg.value, stats: stats.value });
}

const KIND_WORDS: Readonly<Record<EvidenceKind, string>> = {
  'boot-log': 'boot log',
  trace: 'trace',
  'percpu-stats': 'percpu_stats text',
};

function fileOfKind(shelf: UploadShelf, fileId: string, kind: EvidenceKind): Result<KeptFile> {
  const kept = shelf.find(fileId);
  if (!kept.ok || kept.value.file.kind === kind) return kept;
  const { file } = kept.value;
  return fail('bad-input', `${file.name} is a ${KIND_WORDS[file.kind]}, not a ${KIND_WORDS[kind]}`, 'fileId');
}
