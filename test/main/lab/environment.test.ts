import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { V8_FLAGS } from '../../../scripts/project-program.mjs';
import { readEnvironment } from '../../../src/main/lab/environment.ts';

describe('readEnvironment', () => {
  const environment = readEnvironment({ labVersion: '1.2.3', codec: 'lz4 1.9' });

  it('describes the host as the host does itself', (context) => {
    if (process.platform !== 'linux') context.skip('compares with Linux tools');
    const told = (flag: string) => execFileSync('uname', [flag], { encoding: 'utf8' }).trim();
    expect(environment.kernel).toContain(`${told('-s')} ${told('-r')}`);
    // nproc counts the CPUs of the affinity mask; a container's quota can allow fewer.
    expect(environment.hostCores).toBeGreaterThanOrEqual(1);
    expect(environment.hostCores).toBeLessThanOrEqual(Number(execFileSync('nproc', { encoding: 'utf8' })));
    const kibibytes = /^MemTotal:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    expect(environment.hostMemoryBytes).toBe(Number(kibibytes) * 1024);
  });

  it('leaves nothing empty, and says so where the governor cannot be read', () => {
    for (const value of Object.values(environment)) expect(String(value)).not.toBe('');
    const file = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor';
    if (existsSync(file)) expect(environment.governor).toContain(readFileSync(file, 'utf8').trim());
    else expect(environment.governor).toBe('not readable');
  });

  it('names the runtime with its flags, the codec and the lab', () => {
    expect(environment.runtime).toContain(process.versions.node);
    expect(environment.runtime).toContain(V8_FLAGS.join(' '));
    expect(environment).toMatchObject({ labVersion: '1.2.3', codec: 'lz4 1.9' });
  });
});
