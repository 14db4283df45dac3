import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/main/lab/dispatch.ts';
import { connectInMemory } from '../../../src/renderer/transport/in-memory-transport.ts';
import type { RunEvent } from '../../../src/shared/contract.ts';
import { createInMemoryLab, progressEvent, testProfile } from '../../main/in-memory-lab.ts';

describe('the in-memory transport', () => {
  it('goes through the same door as the others', async () => {
    const lab = createInMemoryLab();
    const connection = connectInMemory(lab, (method, input) => dispatch(lab, method, input));
    expect(await connection.startRun({ profile: testProfile })).toEqual({ ok: true, value: { runId: 'run-1' } });
    expect(await connection.openRun({ runId: '' })).toMatchObject({ ok: false, error: { where: 'runId' } });
    expect(connection.connectionState()).toBe('connected');
  });

  it('shares no object with the lab', async () => {
    const lab = createInMemoryLab();
    const connection = connectInMemory(lab, (method, input) => dispatch(lab, method, input));
    const profiles = await connection.listProfiles({});
    const entry = profiles.ok ? profiles.value[0] : undefined;
    expect(entry).toMatchObject({ kind: 'profile', profile: testProfile });
    if (entry?.kind === 'profile') expect(entry.profile).not.toBe(testProfile);

    const events: RunEvent[] = [];
    const leave = connection.subscribe((event) => events.push(event));
    const sent = progressEvent('run-1', 1);
    lab.emit(sent);
    leave();
    lab.emit(sent);
    expect(events).toEqual([sent]);
    expect(events[0]).not.toBe(sent);
    expect(lab.subscriberCount()).toBe(0);
  });
});
