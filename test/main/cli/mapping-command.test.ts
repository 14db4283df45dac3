import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/main/cli/exit-code.ts';
import { RESOURCES } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { cli } from './captured-terminal.ts';

/** The shipped profile with eight CPUs and few operations, as a file. */
function smallProfile(folder: string): string {
  const document = JSON.parse(readFileSync(join(RESOURCES, 'profiles', 'local-mapping-2026.json'), 'utf8'));
  document.machine.possibleCpus = 8;
  Object.assign(document.workload, { translations: ['4k-39'], windows: ['packed'], scalingCpus: [] });
  document.workload.operations = { cpus: 2, tasksPerCpu: 2, perTask: 50, interrupts: 60 };
  const path = join(folder, 'small.json');
  writeFileSync(path, JSON.stringify(document));
  return path;
}

describe('lab run of a mapping profile', () => {
  it('prints the paper beside the lab, tables, events and operations', async () => {
    const { code, out, err } = await cli(['run', smallProfile(temporaryFolder())]);
    expect(code).toBe(ExitCode.done);
    expect(out).toContain('8 CPUs, 4k-48, window same-offset, units of 192 KiB; all counted');
    expect(out).toMatch(/pgdBytes +4K \* \(nr_cpus - 1\) for the top-level tables +636 +28\n/);
    expect(out).toMatch(/4k-48 same-offset +8 +5 +28 +192 +220 /);
    expect(out).toMatch(/its other pages populated +0 +0 +0 +0\n/);
    expect(out).toMatch(/local mapping +0\.00 +0\.00 +0\.00 +0\.00 +1\.00 +1\.00 +1\.00 /);
    expect(err).toContain('0 %  machine 1 of 2\n');
  });

  it('prints one JSON document with --json and writes the files it is given', async () => {
    const folder = temporaryFolder();
    const [csv, out] = [join(folder, 'figures.csv'), join(folder, 'report.json')];
    const printed = await cli(['run', smallProfile(folder), '--json', '--csv', csv, '--out', out]);
    expect(printed.code).toBe(ExitCode.done);
    const document = JSON.parse(printed.out);
    expect(document.paper[0]).toEqual({
      figure: 'pgdBytes',
      says: '4K * (nr_cpus - 1) for the top-level tables',
      paperBytes: 651264,
      labBytes: 28672,
    });
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(document);
    expect(readFileSync(csv, 'utf8')).toContain('tables,4k-48 same-offset,8,5,localBytes,225280,bytes');
  });

  it('has no use for options that change jobs', async () => {
    const { code, err } = await cli(['run', 'local-mapping-2026', '--seconds', '3']);
    expect(code).toBe(ExitCode.usage);
    expect(err).toContain('--seconds means nothing to');
  });

  it('is cancelled by an interrupt', async () => {
    const { code, out } = await cli(['run', 'local-mapping-2026'], {
      onPrint: (_text, interrupt) => {
        interrupt();
      },
    });
    expect(code).toBe(ExitCode.cancelled);
    expect(out).toBe('');
  });

  it('is listed among the profiles', async () => {
    const { out } = await cli(['profiles']);
    expect(out).toMatch(/shipped\/local-mapping-2026 +segment, preempt-offset, fixup, local-mapping, unprotected/);
  });
});
