/**
 * What the figures are measured on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type, version } from 'node:os';
import type { Environment } from '../../shared/run-record.ts';

const CPU_FOLDER = '/sys/devices/system/cpu';
const NOT_READABLE = 'not readable';

/** This host, as far as it tells; `labVersion` and `codec` are the caller's words. Never fails. */
export function readEnvironment(lab: { readonly labVersion: string; readonly codec: string }): Environment {
  return {
    cpuModel: cpus()[0]?.model.trim() ?? NOT_READABLE,
    // Cores that this process may use, which in a container can be fewer than there are.
    hostCores: availableParallelism(),
    hostMemoryBytes: totalmem(),
    operatingSystem: operatingSystem(),
    kernel: `${type()} ${release()} ${arch()}`,
    governor: governors(),
    runtime: [runtimeWords(process.versions), ...v8Flags()].join(' '),
    codec: lab.codec,
    labVersion: lab.labVersion,
  };
}

/** The distinct governors of all CPUs, such as `performance` or `performance, powersave`. */
function governors(): string {
  const names = new Set(
    cpuFolders().flatMap((folder) => readText(`${CPU_FOLDER}/${folder}/cpufreq/scaling_governor`)?.trim() ?? []),
  );
  return names.size === 0 ? NOT_READABLE : [...names].toSorted().join(', ');
}

function cpuFolders(): readonly string[] {
  try {
    return readdirSync(CPU_FOLDER).filter((name) => /^cpu\d+$/.test(name));
  } catch {
    // Not Linux, or hidden from this process: then there is no governor to be read.
    return [];
  }
}

/** `PRETTY_NAME` of os-release on Linux, the system's own words elsewhere. */
function operatingSystem(): string {
  const pretty = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readText('/etc/os-release') ?? '')?.[1];
  return pretty ?? version();
}

interface RuntimeVersions {
  readonly node: string;
  readonly v8: string;
  /** Absent outside Electron. */
  readonly electron?: string;
}

/** `Electron 45.4.1 (Node 24.21.0, V8 14.1)`, or `Node 24.21.0 (V8 13.6)` outside Electron. */
function runtimeWords({ electron, node, v8 }: RuntimeVersions): string {
  return electron === undefined ? `Node ${node} (V8 ${v8})` : `Electron ${electron} (Node ${node}, V8 ${v8})`;
}

/** As they were given: what V8 does beside the CPUs' threads depends on them. */
function v8Flags(): readonly string[] {
  return [...process.execArgv, ...process.argv.filter((argument) => argument.startsWith('--js-flags='))];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Absent or forbidden: the caller says that it is not readable.
    return undefined;
  }
}
