/** Files of a user's on their way into the lab, and what is found in them; the command line's functions are the yardstick. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { checkGeometry } from '../../../src/main/lab/geometry/check-geometry.ts';
import { createEvidenceMethods, type EvidenceMethods } from '../../../src/main/lab/evidence-methods.ts';
import { replayTrace } from '../../../src/main/lab/replay/replay-trace.ts';
import { toBase64 } from '../../../src/shared/base64.ts';
import { type EvidenceFile, MAX_EVIDENCE_BYTES, type ReplayState } from '../../../src/shared/evidence-contract.ts';
import { NO_CALL_SITE } from '../../../src/shared/percpu-picture.ts';
import type { Result } from '../../../src/shared/result.ts';
import { decodePicture } from '../../../src/shared/wire-picture.ts';
import { SMALL_TRACE, TWO_CPUS_LOG, TWO_NODES_LOG } from '../../fixtures/fixtures.ts';
import { errorOf, valueOf } from './small-lab.ts';

let measuring: boolean;
let lab: EvidenceMethods;
beforeEach(() => {
  measuring = false;
  lab = createEvidenceMethods(() => measuring);
  onTestFinished(() => lab.closeEvidence());
});

async function upload(name: string, bytes: Uint8Array, pieceBytes = 64 * 1024): Promise<Result<EvidenceFile>> {
  const { fileId } = valueOf(await lab.openUpload({ name, sizeBytes: bytes.length }));
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const base64 = toBase64(bytes.subarray(at, at + pieceBytes));
    valueOf(await lab.sendUpload({ fileId, offsetBytes: at, base64 }));
  }
  return lab.closeUpload({ fileId });
}

const uploadFile = async (path: string, name = 'file'): Promise<EvidenceFile> =>
  valueOf(await upload(name, readFileSync(path)));

async function ended(replayId: string): Promise<ReplayState> {
  for (;;) {
    const state = valueOf(await lab.replayState({ replayId }));
    if (state.kind !== 'replaying') return state;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function replayed(request: Parameters<EvidenceMethods['startReplay']>[0]) {
  const { replayId } = valueOf(await lab.startReplay(request));
  const state = await ended(replayId);
  if (state.kind !== 'done') throw new Error(JSON.stringify(state));
  return { replayId, ...state };
}

describe('a file that is brought', () => {
  it.each([
    ['boot-log', TWO_NODES_LOG],
    ['trace', SMALL_TRACE],
  ])('is known as a %s by what is in it', async (kind, path) => {
    expect(await uploadFile(path, 'some name')).toMatchObject({ kind, name: 'some name' });
  });

  it('arrives byte for byte, whatever its pieces', async () => {
    const text = readFileSync(TWO_NODES_LOG);
    const expected = checkGeometry({ name: 'log', text: text.toString() });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (pieceBytes) => {
        const { fileId } = valueOf(await upload('log', text, pieceBytes));
        expect(valueOf(await lab.checkGeometry({ fileId }))).toEqual(expected);
        await lab.dropEvidence({ fileId });
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['is empty', '', /empty\.txt is empty/],
    ['is no text', '\u0000\u0001\u0002', /empty\.txt is no text/],
    ['is about something else', 'a letter to nobody\n', /no boot log .*no trace.* no percpu_stats/],
    ['is damaged gzip', '\u001f\u008b and then nothing', /damaged gzip/],
  ])('and %s is refused in one sentence and forgotten', async (_what, text, sentence) => {
    const error = errorOf(await upload('empty.txt', Buffer.from(text, 'latin1')));
    expect(error).toMatchObject({ code: 'bad-input', message: expect.stringMatching(sentence) });
  });

  it('and is too large is refused before its bytes are sent', async () => {
    const error = errorOf(await lab.openUpload({ name: 'huge.txt', sizeBytes: MAX_EVIDENCE_BYTES + 1 }));
    expect(error.message).toMatch(/huge\.txt has 257 MiB; files of up to 256 MiB/);
  });

  it('takes no piece out of turn and none beyond its size', async () => {
    const { fileId } = valueOf(await lab.openUpload({ name: 'log', sizeBytes: 4 }));
    const send = (offsetBytes: number, text: string) =>
      lab.sendUpload({ fileId, offsetBytes, base64: toBase64(Buffer.from(text)) });
    expect(errorOf(await send(2, 'ab')).where).toBe('offsetBytes');
    expect(errorOf(await send(0, 'abcde')).where).toBe('offsetBytes');
    expect(valueOf(await send(0, 'ab'))).toEqual({ receivedBytes: 2 });
    expect(errorOf(await lab.closeUpload({ fileId })).message).toMatch(/2 of 4 bytes/);
    expect(errorOf(await lab.sendUpload({ fileId, offsetBytes: 2, base64: '*' })).where).toBe('base64');
  });

  it('is gone once it is dropped', async () => {
    const { fileId } = await uploadFile(TWO_NODES_LOG);
    await lab.dropEvidence({ fileId });
    expect(errorOf(await lab.checkGeometry({ fileId })).code).toBe('not-found');
  });

  it('may be packed with gzip', async () => {
    const packed = gzipSync(readFileSync(TWO_NODES_LOG));
    const { fileId, kind } = valueOf(await upload('log.gz', packed));
    expect(kind).toBe('boot-log');
    expect(valueOf(await lab.checkGeometry({ fileId }))).toMatchObject({ file: 'log.gz', verdict: 'match' });
  });

  it('may be one of many in JSON Lines, which are checked all, and are no boot log of one machine', async () => {
    const path = fileURLToPath(new URL('../../fixtures/percpu-boot-logs.jsonl', import.meta.url));
    const { fileId, kind } = await uploadFile(path, 'logs.jsonl');
    const { boots } = valueOf(await lab.checkGeometry({ fileId }));
    expect([kind, boots.length, boots.filter(({ verdict }) => verdict === 'match').length]).toEqual([
      'boot-log',
      20,
      15,
    ]);
    const replay = await replayTrace({ tracePath: SMALL_TRACE, dmesgPath: path });
    expect(errorOf(replay).message).toMatch(/holds 20 boot logs; give that of the recorded machine alone$/);
  });

  it('is no trace because it is asked to be one', async () => {
    const { fileId } = await uploadFile(TWO_NODES_LOG, 'boot.txt');
    expect(errorOf(await lab.startReplay({ traceId: fileId })).message).toBe('boot.txt is a boot log, not a trace');
  });
});

describe('a replay', () => {
  it('finds what the command line finds in the same files', async () => {
    const trace = await uploadFile(SMALL_TRACE, 'cgroups.ftrace.gz');
    const dmesg = await uploadFile(TWO_CPUS_LOG);
    const otherMachine = { possibleCpus: 64, unitBytes: 262144, accessMode: 'local-mapping' as const };
    const { report } = await replayed({ traceId: trace.fileId, dmesgId: dmesg.fileId, otherMachine });
    const expected = valueOf(await replayTrace({ tracePath: SMALL_TRACE, dmesgPath: TWO_CPUS_LOG, otherMachine }));
    expect(report).toEqual({ ...expected, trace: 'cgroups.ftrace.gz' });
    expect(report.bornWithin).toEqual({ matched: 790, total: 790 });
  });

  it('keeps moments from its first event to its last, with the chunks as they were', async () => {
    const { fileId } = await uploadFile(SMALL_TRACE);
    const { replayId, report, moments } = await replayed({ traceId: fileId });
    expect(moments.map(({ events }) => events)).toEqual([...moments.map(({ events }) => events)].sort((a, b) => a - b));
    expect([moments[0]?.events, moments.at(-1)?.events]).toEqual([0, report.events]);
    expect(moments.length).toBeGreaterThan(24);
    const last = moments.length - 1;
    const picture = decodePicture(valueOf(await lab.replayPicture({ replayId, moment: last })));
    expect(picture.chunks.map(({ freeBytes }) => freeBytes)).toEqual(
      report.statsAtEnd.chunks.map(({ freeBytes }) => freeBytes),
    );
    expect(picture.callSites).toEqual(report.callSites.map(({ callSite }) => callSite));
  });

  it('shows in its last moment as many objects of each call site as are live at its end', async () => {
    const { fileId } = await uploadFile(SMALL_TRACE);
    const { replayId, report, moments } = await replayed({ traceId: fileId });
    const moment = moments.length - 1;
    const overview = valueOf(await lab.replayPicture({ replayId, moment }));
    const live = new Map<string, number>();
    for (const { key } of overview.chunks) {
      const picture = decodePicture(valueOf(await lab.replayPicture({ replayId, moment, chunkKey: key })));
      const objects = picture.chunks.find((chunk) => chunk.key === key)?.objects;
      for (const site of objects?.callSite ?? []) {
        const name = picture.callSites[site];
        if (site !== NO_CALL_SITE && name !== undefined) live.set(name, (live.get(name) ?? 0) + 1);
      }
    }
    const expected = report.callSites.filter((row) => row.live > 0).map((row) => [row.callSite, row.live] as const);
    expect(live).toEqual(new Map(expected));
  });

  it('is refused while an experiment is measured', async () => {
    const { fileId } = await uploadFile(SMALL_TRACE);
    measuring = true;
    expect(errorOf(await lab.startReplay({ traceId: fileId })).code).toBe('busy');
  });

  it('ends as cancelled when it is cancelled, and when another begins', async () => {
    const { fileId } = await uploadFile(SMALL_TRACE);
    const first = valueOf(await lab.startReplay({ traceId: fileId }));
    const second = valueOf(await lab.startReplay({ traceId: fileId }));
    valueOf(await lab.cancelReplay(second));
    for (const { replayId } of [first, second]) {
      expect(await ended(replayId)).toMatchObject({ kind: 'failed', error: { code: 'cancelled' } });
    }
    expect(lab.isReplaying()).toBe(false);
  });

  it('names files as the user does when one does not fit the trace', async () => {
    const trace = await uploadFile(SMALL_TRACE, 'my.trace');
    const { replayId } = valueOf(await lab.startReplay({ traceId: trace.fileId, otherMachine: { unitBytes: 5000 } }));
    const state = await ended(replayId);
    expect(state).toMatchObject({ kind: 'failed', error: { message: expect.stringMatching(/unit of 5000 bytes/) } });
    expect(JSON.stringify(state)).not.toContain('percpu-lab-evidence');
  });

  it('of which nothing is known any more has no picture', async () => {
    expect(errorOf(await lab.replayPicture({ replayId: 'none', moment: 0 })).code).toBe('not-found');
  });
});
