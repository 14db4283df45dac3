import { describe, expect, test } from 'vitest';
import { browserMemory } from '../../../src/renderer/platform/page-memory.ts';

/** What a browser's storage does with one text; `room` is how many characters it takes. */
function storage(room = Infinity): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, text) => {
      if (text.length > room) throw new DOMException('full', 'QuotaExceededError');
      kept.set(key, text);
    },
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
    key: () => null,
    length: 0,
  };
}

function forbidden(): Storage {
  throw new DOMException('The document is sandboxed', 'SecurityError');
}

describe('what a page keeps', () => {
  test('comes back in the same tab, whatever another tab kept since', () => {
    const browser = storage();
    const [one, other] = [storage(), storage()].map((tab) => browserMemory({ tab: () => tab, browser: () => browser }));
    one?.keep('of one');
    other?.keep('of the other');
    expect([one?.recall(), other?.recall()]).toEqual(['of one', 'of the other']);
  });

  test('comes back in a new tab as it was kept last', () => {
    const browser = storage();
    browserMemory({ tab: () => storage(), browser: () => browser }).keep('last');
    expect(browserMemory({ tab: () => storage(), browser: () => browser }).recall()).toBe('last');
  });

  test('is nothing, and said to be so, where the user forbids storing or there is no room', () => {
    const memory = browserMemory({ tab: forbidden, browser: forbidden });
    expect([memory.keep('text'), memory.recall()]).toEqual([false, undefined]);
    const [tab, browser] = [storage(2), storage(2)];
    expect(browserMemory({ tab: () => tab, browser: () => browser }).keep('text')).toBe(false);
    expect(browserMemory({ tab: () => tab, browser: () => storage() }).keep('text')).toBe(true);
  });
});
