/** The whole way of a dropped file: the dashboard's transport, the guarded door, the real lab, and back as plain JSON. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/main/lab/dispatch.ts';
import { checkGeometry } from '../../../src/main/lab/geometry/check-geometry.ts';
import { connectInMemory } from '../../../src/renderer/transport/in-memory-transport.ts';
import { toBase64 } from '../../../src/shared/base64.ts';
import type { LabContract } from '../../../src/shared/contract.ts';
import { MAX_PIECE_BYTES } from '../../../src/shared/evidence-contract.ts';
import { decodePicture } from '../../../src/shared/wire-picture.ts';
import { SMALL_TRACE, TWO_CPUS_LOG } from '../../fixtures/fixtures.ts';
import { errorOf, openSmallLab, smallProfile, valueOf } from './small-lab.ts';

async function connect() {
  const lab = await openSmallLab();
  return connectInMemory(lab, (method, input) => dispatch(lab, method, input));
}

async function bring(lab: LabContract, path: string): Promise<string> {
  const bytes = readFileSync(path);
  const { fileId } = valueOf(await lab.openUpload({ name: path, sizeBytes: bytes.length }));
  valueOf(await lab.sendUpload({ fileId, offsetBytes: 0, base64: toBase64(bytes) }));
  valueOf(await lab.closeUpload({ fileId }));
  return fileId;
}

async function finished(lab: LabContract, replayId: string) {
  for (;;) {
    const state = valueOf(await lab.replayState({ replayId }));
    if (state.kind === 'done') return state;
    if (state.kind === 'failed') throw new Error(state.error.message);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('kernel evidence over the contract', () => {
  it('gives the geometry check of the command line, as JSON carries it', async () => {
    const lab = await connect();
    const fileId = await bring(lab, TWO_CPUS_LOG);
    const expected = checkGeometry({ name: TWO_CPUS_LOG, text: readFileSync(TWO_CPUS_LOG, 'utf8') });
    expect(valueOf(await lab.checkGeometry({ fileId }))).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  it('replays, and shows chunks whose columns fit each other', async () => {
    const lab = await connect();
    const traceId = await bring(lab, SMALL_TRACE);
    const dmesgId = await bring(lab, TWO_CPUS_LOG);
    const { replayId } = valueOf(await lab.startReplay({ traceId, dmesgId }));
    const { report, moments } = await finished(lab, replayId);
    expect(report).toMatchObject({ geometrySource: 'boot log', overall: { matched: 948, total: 948 } });
    const picture = decodePicture(valueOf(await lab.replayPicture({ replayId, moment: moments.length - 1 })));
    expect(picture.geometry).toMatchObject({ pageSizeBytes: 4096, staticBytes: 185560 });
    expect(picture.units).toMatchObject([
      { cpu: 0, offsetBytes: 0 },
      { cpu: 1, offsetBytes: 1048576 },
    ]);
    const detailed = picture.chunks.filter(({ objects }) => objects !== undefined);
    expect(detailed).toHaveLength(1);
    for (const { objects, sizeBytes } of detailed) {
      if (objects === undefined) continue;
      expect(objects.sizeBytes.length).toBe(objects.startBytes.length);
      expect(objects.callSite.length).toBe(objects.startBytes.length);
      objects.startBytes.forEach((start, index) => {
        const end = start + (objects.sizeBytes[index] ?? 0);
        expect(end).toBeLessThanOrEqual(objects.startBytes[index + 1] ?? sizeBytes);
      });
    }
  });

  it('names the field of a wrong argument, and takes no piece that is too large', async () => {
    const lab = await connect();
    const base64 = toBase64(new Uint8Array(MAX_PIECE_BYTES + 3));
    expect(errorOf(await lab.sendUpload({ fileId: 'x', offsetBytes: 0, base64 })).where).toBe('base64');
    expect(errorOf(await lab.startReplay({ traceId: 'x', otherMachine: { possibleCpus: 0 } })).where).toBe(
      'otherMachine.possibleCpus',
    );
    const modelled = await lab.startReplay({ traceId: 'x', otherMachine: { accessMode: 'local-mapping' } });
    expect(errorOf(modelled).code).toBe('not-found');
    expect(errorOf(await lab.replayPicture({ replayId: 'x', moment: -1 })).where).toBe('moment');
  });

  it('keeps a run and a replay from disturbing each other', async () => {
    const lab = await connect();
    const traceId = await bring(lab, SMALL_TRACE);
    const { replayId } = valueOf(await lab.startReplay({ traceId }));
    expect(errorOf(await lab.startRun({ profile: smallProfile() })).code).toBe('busy');
    await finished(lab, replayId);
    const { runId } = valueOf(await lab.startRun({ profile: smallProfile() }));
    expect(errorOf(await lab.startReplay({ traceId })).code).toBe('busy');
    valueOf(await lab.cancelRun({ runId }));
  });
});
