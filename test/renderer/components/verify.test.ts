import { describe, expect, test } from 'vitest';
import { buildVerifyOption } from '../../../src/renderer/charts/build-verify-option.ts';
import VerifyColumns from '../../../src/renderer/components/verify/VerifyColumns.vue';
import VerifyForm from '../../../src/renderer/components/verify/VerifyForm.vue';
import VerifyResult from '../../../src/renderer/components/verify/VerifyResult.vue';
import {
  memorySentence,
  ratioSentence,
  verifyFraction,
  verifyProgressWords,
} from '../../../src/renderer/words/verify-words.ts';
import { formatInterval } from '../../../src/renderer/format/ratio.ts';
import { MM_STAT_COLUMNS } from '../../../src/shared/zram-stat.ts';
import { draw } from '../charts/drawn-texts.ts';
import { chartTokens } from '../theme/read-theme.ts';
import { sampleVerifyReport } from '../verify-script.ts';
import { render } from './render.ts';

const report = sampleVerifyReport();
const [comparison = report] = report.codecs;

function isDisabled(html: string, testId: string): boolean {
  const button = [...html.matchAll(/<button[^>]*>/g)].map(([tag]) => tag).find((tag) => tag.includes(testId));
  return button !== undefined && / disabled[ >]/.test(button);
}

describe('the form', () => {
  const idle = { paths: ['/data'], jobs: 2, rounds: undefined, activity: { kind: 'idle' }, runActive: false };

  test('starts when there are files and jobs, and says what is missing', async () => {
    const ready = await render(VerifyForm, idle);
    expect([isDisabled(ready.html, 'verify-start'), isDisabled(ready.html, 'verify-cancel')]).toEqual([false, true]);
    const empty = await render(VerifyForm, { ...idle, paths: [] });
    expect(isDisabled(empty.html, 'verify-start')).toBe(true);
    expect(empty.text).toContain('▲ Pick the files whose pages are written first');
    const wrong = await render(VerifyForm, { ...idle, jobs: 65 });
    expect(isDisabled(wrong.html, 'verify-start')).toBe(true);
    expect(wrong.text).toContain('A whole number from 1 to 64');
  });

  test('takes a number of rounds, or leaves it to the data', async () => {
    const open = await render(VerifyForm, idle);
    expect(open.text).toContain('empty: at least 7, more of little data');
    const wrong = await render(VerifyForm, { ...idle, rounds: 0 });
    expect(isDisabled(wrong.html, 'verify-start')).toBe(true);
    expect(wrong.text).toContain('▲ Correct the number of rounds first');
  });

  test('waits for an experiment that goes on, and says so', async () => {
    const { html, text } = await render(VerifyForm, { ...idle, runActive: true });
    expect(isDisabled(html, 'verify-start')).toBe(true);
    expect(text).toContain('▲ An experiment goes on');
  });

  test('says how far it is, and can be cancelled once', async () => {
    const progress = { phase: 'measure', round: 2, rounds: 8 };
    const running = await render(VerifyForm, { ...idle, activity: { kind: 'running', progress } });
    expect(running.text).toContain('round 2 of 8');
    expect(running.html).toMatch(/<progress[^>]* value="0.25"/);
    expect([isDisabled(running.html, 'verify-start'), isDisabled(running.html, 'verify-cancel')]).toEqual([
      true,
      false,
    ]);
    const cancelling = await render(VerifyForm, { ...idle, activity: { kind: 'cancelling', progress } });
    expect(cancelling.text).toContain('cancelling…');
    expect(isDisabled(cancelling.html, 'verify-cancel')).toBe(true);
  });
});

describe('the columns', () => {
  test('are all there, with a sign where they differ', async () => {
    const { text } = await render(VerifyColumns, { report });
    for (const column of MM_STAT_COLUMNS) expect(text).toContain(column);
    expect(text).toContain('compr_data_size 5,000 5,025 ▲ +25');
    expect(text).toContain('mem_used_total 8,192 4,096 ▼ −4,096');
    expect(text).toContain('orig_data_size 8,192 8,192 = 0');
  });
});

describe('the result', () => {
  test('has what makes it doubtful before the charts, and not again among the notes', async () => {
    const rough = 'A pass over the data takes only 1.2 ms, so times are rough; give more data.';
    const { text } = await render(VerifyResult, {
      report: sampleVerifyReport({ warnings: [rough], notes: [rough, 'Kernel: each request is a system call.'] }),
    });
    expect(text.split(rough)).toHaveLength(2);
    expect(text.indexOf(rough)).toBeLessThan(text.indexOf('Throughput, write'));
    expect(text.indexOf('each request is a system call')).toBeGreaterThan(text.indexOf('compr_data_size'));
  });
});

describe('the throughput bars', () => {
  test('name both sides with their figures, and start at zero', () => {
    const option = buildVerifyOption(report, 'write', chartTokens('dark'));
    const { texts } = draw(option);
    expect(texts).toEqual(expect.arrayContaining(['kernel zram', '410 [400 – 420]', 'lab, lz4', '369 [360 – 378]']));
    expect(option.xAxis).toMatchObject({ min: 0 });
  });
});

describe('the sentences', () => {
  test('say how fast the lab was and where its memory differs', () => {
    const { write, read } = comparison.ratio.samples;
    const spread = { ...comparison.ratio.samples, write: { ...write, low: 0.85, high: 0.94 } };
    expect(ratioSentence({ ...comparison, ratio: { ...comparison.ratio, samples: spread } })).toBe(
      `with lz4: writes 0.90 × [0.85, 0.94], reads 0.99 × ${formatInterval(read)} the kernel’s throughput`,
    );
    const once = { write: { ...write, samples: [0.9] }, read: { ...read, samples: [0.99] } };
    expect(ratioSentence({ ...comparison, ratio: { ...comparison.ratio, samples: once } })).toBe(
      'with lz4: writes 0.90 ×, reads 0.99 × the kernel’s throughput',
    );
    expect(memorySentence(comparison)).toBe('with lz4: 2 of 9 columns differ');
    expect(memorySentence({ ...comparison, memoryIsEqual: true })).toBe('with lz4: every column equals the kernel’s');
  });

  test('say what goes on before there is a round', () => {
    expect(verifyProgressWords(undefined)).toBe('reading the data…');
    expect(verifyProgressWords({ phase: 'warm-up', round: 0, rounds: 0 })).toBe('warming up…');
    expect(verifyFraction({ phase: 'warm-up', round: 0, rounds: 0 })).toBe(0);
    expect(verifyFraction({ phase: 'measure', round: 3, rounds: 12 })).toBe(0.25);
  });
});
