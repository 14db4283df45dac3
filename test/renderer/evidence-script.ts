/**
 * The evidence part of the lab in memory: takes files in pieces, says of each what its first word says (`boot`, `trace`,
 * `stats`), and replays in three looks.
 */
import type { LabMethods } from '../../src/shared/contract.ts';
import type { EvidenceFile, EvidenceKind, EvidenceOutputs, ReplayState } from '../../src/shared/evidence-contract.ts';
import { fromBase64 } from '../../src/shared/base64.ts';
import { fail, ok, type Result } from '../../src/shared/result.ts';
import { encodePicture } from '../../src/shared/wire-picture.ts';
import { sampleCheck, sampleMoments, samplePicture, sampleReport } from './sample-evidence.ts';

type Answer = <T>(method: string, make: () => Result<T>) => Promise<Result<T>>;

const KINDS: readonly (readonly [string, EvidenceKind])[] = [
  ['boot', 'boot-log'],
  ['trace', 'trace'],
  ['stats', 'percpu-stats'],
];

interface Shelved {
  readonly name: string;
  readonly sizeBytes: number;
  text: string;
}

/** Fresh methods; `answer` counts calls and lets them fail. */
export function createEvidenceScript(answer: Answer): Pick<LabMethods, keyof EvidenceOutputs> {
  const files = new Map<string, Shelved>();
  const replays = new Map<string, { looks: number; cancelled: boolean }>();
  const found = (fileId: string): Result<Shelved> => {
    const file = files.get(fileId);
    return file === undefined ? fail('not-found', `There is no file ${fileId}`) : ok(file);
  };
  const close = (fileId: string): Result<EvidenceFile> => {
    const file = found(fileId);
    if (!file.ok) return file;
    const { name, sizeBytes, text } = file.value;
    const kind = KINDS.find(([word]) => text.startsWith(word))?.[1];
    if (kind === undefined) return fail('bad-input', `${name} is no boot log, no trace and no percpu_stats`, name);
    return ok({ fileId, name, sizeBytes, kind });
  };
  const look = (replayId: string): Result<ReplayState> => {
    const replay = replays.get(replayId);
    if (replay === undefined) return fail('not-found', `There is no replay ${replayId}`);
    if (replay.cancelled) return ok({ kind: 'failed', error: { code: 'cancelled', message: 'cancelled' } });
    replay.looks += 1;
    if (replay.looks <= 2) return ok({ kind: 'replaying', fraction: replay.looks / 3, secondsLeft: 3 - replay.looks });
    return ok({ kind: 'done', report: sampleReport(), moments: sampleMoments });
  };
  return {
    openUpload: ({ name, sizeBytes }) =>
      answer('openUpload', () => {
        const fileId = `file-${files.size + 1}`;
        files.set(fileId, { name, sizeBytes, text: '' });
        return ok({ fileId });
      }),
    sendUpload: ({ fileId, offsetBytes, base64 }) =>
      answer('sendUpload', () => {
        const file = found(fileId);
        if (!file.ok) return file;
        file.value.text += String.fromCharCode(...(fromBase64(base64)?.subarray(0, 2 ** 16) ?? []));
        return ok({ receivedBytes: Math.min(offsetBytes + 2 ** 19, file.value.sizeBytes) });
      }),
    closeUpload: ({ fileId }) => answer('closeUpload', () => close(fileId)),
    dropEvidence: ({ fileId }) =>
      answer('dropEvidence', () => {
        files.delete(fileId);
        return ok({});
      }),
    checkGeometry: ({ fileId }) =>
      answer('checkGeometry', () => {
        const file = found(fileId);
        return file.ok ? ok({ ...sampleCheck(), file: file.value.name }) : file;
      }),
    startReplay: () =>
      answer('startReplay', () => {
        const replayId = `replay-${replays.size + 1}`;
        replays.set(replayId, { looks: 0, cancelled: false });
        return ok({ replayId });
      }),
    replayState: ({ replayId }) => answer('replayState', () => look(replayId)),
    cancelReplay: ({ replayId }) =>
      answer('cancelReplay', () => {
        const replay = replays.get(replayId);
        if (replay !== undefined) replay.cancelled = true;
        return ok({});
      }),
    replayPicture: () => answer('replayPicture', () => ok(encodePicture(samplePicture()))),
  };
}
