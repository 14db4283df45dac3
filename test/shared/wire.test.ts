import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCallMessage, parseLabMessage, type CallMessage, type LabMessage } from '../../src/shared/wire.ts';

describe('a call on the wire', () => {
  it('comes out as it went in', () => {
    const call: fc.Arbitrary<CallMessage> = fc.record({
      kind: fc.constant('call'),
      id: fc.nat(),
      method: fc.string({ maxLength: 100 }),
      input: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
    });
    fc.assert(
      fc.property(call, (sent) => {
        expect(parseCallMessage(JSON.stringify(sent))).toEqual({ ok: true, value: sent });
      }),
    );
  });

  it('is nothing else, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseCallMessage(text)).toMatchObject({ ok: false, error: { code: 'bad-input' } });
      }),
    );
  });
});

describe('a message of the lab', () => {
  it.each<LabMessage>([
    { kind: 'answer', id: 0, result: { ok: true, value: undefined } },
    { kind: 'answer', id: 1, result: { ok: true, value: [{ deep: { value: 1 } }] } },
    { kind: 'answer', id: 2, result: { ok: false, error: { code: 'busy', message: 'A run is going on' } } },
    { kind: 'answer', id: 3, result: { ok: false, error: { code: 'bad-input', message: 'No', where: 'name' } } },
    { kind: 'event', event: { kind: 'finished', runId: 'a', outcome: 'complete', stored: true } },
  ])('comes out as it went in: %j', (sent) => {
    expect(parseLabMessage(JSON.stringify(sent))).toEqual({ ok: true, value: JSON.parse(JSON.stringify(sent)) });
  });

  it.each([
    '',
    '7',
    '{}',
    '{"kind":"answer","id":1}',
    '{"kind":"answer","id":1,"result":{"ok":false}}',
    '{"kind":"event","event":{"kind":"other"}}',
  ])('is not %j', (text) => {
    expect(parseLabMessage(text)).toMatchObject({ ok: false, error: { code: 'bad-input' } });
  });
});
