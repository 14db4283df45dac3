/**
 * The record of the devices that the lab made, so that what a killed process left behind is found and removed later, and
 * nothing else ever is.
 *
 *     /run/percpu-lab/zram3-17.json         one file per device: its number, its diskseq, this boot, the owner's process
 *     /run/percpu-lab/zram3-17.json.4711    the same, claimed by process 4711, which is about to remove it
 *
 * A record is a leftover when it is of this boot, its device still has that diskseq, and its owner is gone: no process has
 * its id, or one that started at another time. Only one of several processes can claim a leftover, because only one can
 * rename the file; a claim whose claimer is gone is a leftover again. Records of another boot are deleted. /run is emptied
 * at boot and belongs to root, as the devices do.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { diskSequence, errorCode, KERNEL_FILES, type KernelFiles } from './zram-control.ts';

/** Where the notes lie: gone with the devices when the host boots again. */
export const RECORD_FOLDER = '/run/percpu-lab';

const noteSchema = v.strictObject({
  device: v.pipe(v.number(), v.integer(), v.minValue(0)),
  diskSequence: v.string(),
  bootId: v.string(),
  /** Process id and start time (clock ticks since boot): together unique. */
  owner: v.strictObject({ pid: v.number(), startedAt: v.string() }),
});
type Note = v.InferOutput<typeof noteSchema>;

/** A leftover that this process alone may remove. */
export interface Leftover {
  readonly device: number;
  /** Forgets it; call once it is removed. */
  readonly forget: () => void;
}

export class DeviceRecord {
  readonly #folder: string;
  readonly #files: KernelFiles;

  constructor(folder: string = RECORD_FOLDER, files: KernelFiles = KERNEL_FILES) {
    this.#folder = folder;
    this.#files = files;
  }

  /** Notes a device that this process has just made. Answers with what forgets it again. Throws the file system's error. */
  note(device: number): () => void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
    const sequence = diskSequence(this.#files, device);
    if (sequence === undefined) throw new Error(`zram${device} was made and is not there`);
    const path = join(this.#folder, `zram${device}-${sequence}.json`);
    const { pid } = process;
    const note: Note = {
      device,
      diskSequence: sequence,
      bootId: this.#bootId(),
      owner: { pid, startedAt: this.#startOf(pid) ?? 'unknown' },
    };
    writeFileSync(path, `${JSON.stringify(note)}\n`);
    return () => {
      rmSync(path, { force: true });
    };
  }

  /** What dead processes left, now claimed by this one. Throws the file system's error. */
  claimLeftovers(): readonly Leftover[] {
    return this.#fileNames().flatMap((name) => {
      const path = join(this.#folder, name);
      const note = readNote(path);
      if (note === undefined || !this.#isAbandoned(name, note)) return [];
      if (note.bootId !== this.#bootId() || diskSequence(this.#files, note.device) !== note.diskSequence) {
        rmSync(path, { force: true });
        return [];
      }
      const claim = join(this.#folder, `${plainName(name)}.${process.pid}`);
      if (!renamed(path, claim)) return [];
      return [{ device: note.device, forget: () => rmSync(claim, { force: true }) }];
    });
  }

  #fileNames(): readonly string[] {
    try {
      return readdirSync(this.#folder).filter((name) => /^zram\d+-\w+\.json(\.\d+)?$/.test(name));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** Neither its owner nor a claimer lives. */
  #isAbandoned(name: string, { owner }: Note): boolean {
    if (this.#startOf(owner.pid) === owner.startedAt) return false;
    const claimer = /\.json\.(\d+)$/.exec(name)?.[1];
    return claimer === undefined || Number(claimer) === process.pid || this.#startOf(Number(claimer)) === undefined;
  }

  #bootId(): string {
    return readFileSync(this.#files.bootId, 'utf8').trim();
  }

  /** Start of a process in clock ticks since boot: field 22 of its stat line. Undefined when there is no such process. */
  #startOf(pid: number): string | undefined {
    try {
      const line = readFileSync(join(this.#files.proc, String(pid), 'stat'), 'utf8');
      // The name, in brackets, may hold blanks and brackets; field 3 follows the last one.
      return line.slice(line.lastIndexOf(')') + 2).split(' ')[22 - 3];
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return undefined;
      throw error;
    }
  }
}

/** Undefined when it is gone meanwhile or is no note: nobody's business but its writer's. */
function readNote(path: string): Note | undefined {
  try {
    const parsed = v.safeParse(noteSchema, JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function plainName(name: string): string {
  return name.replace(/\.\d+$/, '');
}

/** False when another process was faster. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
