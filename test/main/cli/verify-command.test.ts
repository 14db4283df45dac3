import { describe, expect, it } from 'vitest';
import { verifyText } from '../../../src/main/cli/verify-text.ts';
import { skipWithoutKernelZram } from '../engine/kernel/real-kernel.ts';
import { smallDataFile } from '../lab/small-lab.ts';
import { reportOf } from '../lab/verify/fixtures.ts';
import { cli } from './captured-terminal.ts';

const REPORT = reportOf([400, 420], {
  cpuModel: 'a CPU',
  hostCores: 2,
  hostMemoryBytes: 1 << 30,
  operatingSystem: 'a system',
  kernel: 'a kernel',
  governor: 'none',
  runtime: 'a runtime',
  codec: 'lz4',
  labVersion: '0.0.0',
});

describe('the text of a verification', () => {
  const lines = verifyText(REPORT).split('\n');

  it('says what was written, and how', () => {
    expect(lines.slice(0, 3)).toEqual([
      '2 pages (1 file, all 8192 bytes), 1 job, requests of 4096 bytes',
      'complete, 2 rounds; kernel and lab measured in turns, wall clock',
      'a CPU, 2 cores, a system a kernel, a runtime',
    ]);
  });

  it('has both sides and their ratios', () => {
    expect(lines.find((line) => line.startsWith('kernel zram'))).toMatch(
      /^kernel zram +410\.0 +400\.0 +420\.0 +1\.00 +3\.00 +—$/,
    );
    expect(lines.findLast((line) => line.startsWith('lab, lz4'))).toMatch(
      /^lab, lz4 +811\.8 +792\.0 +831\.6 +1\.00 +3\.00 +— +0\.990 +0\.990 +0\.990$/,
    );
  });

  it('has the share of their time in which the jobs had no core, where it could be told', () => {
    const write = { ...REPORT.kernel.write, withheldShare: 0.1234 };
    const text = verifyText({ ...REPORT, kernel: { ...REPORT.kernel, write } });
    expect(text).toMatch(/^write +median MB\/s +low +high +p50 µs +p99 µs +no core % +lab\/kernel/m);
    expect(text).toMatch(/^kernel zram +410\.0 +400\.0 +420\.0 +1\.00 +3\.00 +12\.3$/m);
  });

  it('has every column of mm_stat with its difference', () => {
    expect(lines.find((line) => line.startsWith('compr_data_size'))).toMatch(/^compr_data_size +5000 +5025 +\+25$/);
    expect(lines.find((line) => line.startsWith('mem_used_total'))).toMatch(/^mem_used_total +8192 +4096 +-4096$/);
    expect(lines).toContain('memory: with lz4 2 of 9 columns differ: compr_data_size, mem_used_total');
    expect(
      verifyText({ ...REPORT, codecs: REPORT.codecs.map((each) => ({ ...each, memoryIsEqual: true })) }),
    ).toContain("memory: with lz4 every column of mm_stat equals the kernel's");
  });

  it('ends with what must be known', () => {
    expect(lines.slice(-3)).toEqual(['note: One.', 'note: Two.', '']);
  });
});

describe('lab verify', () => {
  it('says in its help how many rounds are measured, and of how many it warns', async () => {
    const { out } = await cli(['verify', '--help']);
    const words = out.replace(/\s+/g, ' ');
    expect(words).toContain('when absent at least 7, more of little data; the report warns of fewer than 7');
  });

  it.each([
    ['verify', 'verify needs --data PATH, the file or folder whose pages are written'],
    ['verify --data x --jobs 0', "--jobs must be a whole number from 1 to 64, not '0'"],
    ['verify --data x --jobs two', "--jobs must be a whole number from 1 to 64, not 'two'"],
    ['verify --data x --jobs 65', "--jobs must be a whole number from 1 to 64, not '65'"],
    ['verify --data x --rounds 1.5', "--rounds must be a whole number from 1 to 1000, not '1.5'"],
    ['verify --data x --codec lzo', "--codec must be lz4-kernel or lz4, not 'lzo'"],
  ])('%s is wrong usage', async (line, sentence) => {
    expect(await cli(line.split(' '))).toEqual({ code: 2, out: '', err: `${sentence}\n` });
  });

  it('prints the report, and progress apart from it', async (context) => {
    skipWithoutKernelZram(context);
    const { code, out, err } = await cli(['verify', '--data', smallDataFile(), '--rounds', '2']);
    expect(code).toBe(0);
    expect(err).toMatch(/^round 1 of 2: kernel write \d+, read \d+ MB\/s; lab write \d+, read \d+ MB\/s\nround 2 of 2/);
    for (const row of [
      /^8 pages/,
      /^write +median/m,
      /^read +median/m,
      /^mm_stat +kernel/m,
      /^memory: with/m,
      /^note: /m,
    ]) {
      expect(out).toMatch(row);
    }
    expect(out).not.toMatch(/undefined|NaN|\[object/);
  });

  it('--json prints one document with both sides, ratios and differences', async (context) => {
    skipWithoutKernelZram(context);
    const { code, out } = await cli(['verify', '--data', smallDataFile(), '--rounds', '1', '--codec', 'lz4', '--json']);
    expect(code).toBe(0);
    const side = { writeMBps: expect.any(Number), readMBps: expect.any(Number), mm_stat: { orig_data_size: 32768 } };
    expect(JSON.parse(out)).toMatchObject({
      kernel: side,
      lab: side,
      ratio: { write: expect.any(Number), read: expect.any(Number) },
      memory: { orig_data_size: { kernel: 32768, lab: 32768, difference: 0 } },
    });
  });

  it('prints what was measured when it is interrupted, and ends with 130', async (context) => {
    skipWithoutKernelZram(context);
    const { code, out } = await cli(['verify', '--data', smallDataFile(), '--rounds', '1000', '--json'], {
      onPrint: (text, interrupt) => {
        if (text.includes('round 3')) interrupt();
      },
    });
    expect(code).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'cancelled', rounds: 3 });
  });
});
