import { afterEach, describe, expect, it, vi } from 'vitest';
import { dispatch } from '../../../src/main/lab/dispatch.ts';
import { contractInputs } from '../../../src/shared/contract.ts';
import { createInMemoryLab } from '../in-memory-lab.ts';

const lab = createInMemoryLab();

describe('dispatch', () => {
  afterEach(() => vi.restoreAllMocks());

  it('hands a well-formed call to the lab and its answer back', async () => {
    expect(await dispatch(lab, 'browse', { path: '/data' })).toEqual({
      ok: true,
      value: { path: '/data', entries: [] },
    });
  });

  it('knows every method of the contract', async () => {
    for (const method of Object.keys(contractInputs)) {
      const answer = await dispatch(lab, method, 'not an object');
      expect(answer, method).toMatchObject({ ok: false, error: { code: 'bad-input' } });
      expect(JSON.stringify(answer), method).not.toContain('no method');
    }
  });

  it.each(['subscribe', 'close', 'constructor', '__proto__', 'toString', ''])(
    'refuses %j, which is no method',
    async (name) => {
      const answer = await dispatch(lab, name, {});
      expect(answer).toEqual({
        ok: false,
        error: { code: 'bad-input', message: `The lab has no method ${JSON.stringify(name)}`, where: 'method' },
      });
    },
  );

  it('does not repeat an endless method name', async () => {
    const answer = await dispatch(lab, 'x'.repeat(10_000), {});
    expect(JSON.stringify(answer).length).toBeLessThan(250);
  });

  it.each([
    ['openRun', {}, 'runId'],
    ['openRun', { runId: 3 }, 'runId'],
    ['openRun', { runId: '' }, 'runId'],
    ['renameRun', { runId: 'a', name: '   ' }, 'name'],
    ['saveProfile', { profile: {}, overwrite: 'yes' }, 'overwrite'],
    ['browse', { path: 'x'.repeat(5000) }, 'path'],
    ['listRuns', { surprise: 1 }, 'surprise'],
  ])('%s with %o is refused in one sentence that names the field', async (method, input, field) => {
    const answer = await dispatch(lab, method, input);
    expect(answer).toMatchObject({ ok: false, error: { code: 'bad-input', where: field } });
    if (answer.ok) return;
    expect(answer.error.message).toContain(field);
    expect(answer.error.message).not.toContain('\n');
    expect(answer.error.message.length).toBeLessThan(200);
  });

  it.each([undefined, null, 'text', 7])('refuses %o instead of an object', async (input) => {
    expect(await dispatch(lab, 'listRuns', input)).toMatchObject({ ok: false, error: { code: 'bad-input' } });
  });

  it('trims what the schema trims before the lab sees it', async () => {
    const renamed = vi.fn(lab.renameProfile);
    await dispatch({ ...lab, renameProfile: renamed }, 'renameProfile', { id: 'saved/a', name: '  b ' });
    expect(renamed).toHaveBeenCalledWith({ id: 'saved/a', name: 'b' });
  });

  it('turns a throw inside the lab into a sentence and keeps the stack for standard error', async () => {
    const logged = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const answer = await dispatch(lab, 'openRun', { runId: 'broken' });
    expect(answer).toEqual({
      ok: false,
      error: { code: 'unavailable', message: 'The lab could not carry out openRun: page 7 is missing' },
    });
    expect(logged).toHaveBeenCalledOnce();
    expect(String(logged.mock.calls[0]?.[0])).toContain('secret place');
  });
});
