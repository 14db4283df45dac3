/**
 * Events of a trace between its two readings, in some twenty bytes each (spooled-record.ts). Reading them costs a fraction of
 * parsing the text anew. The first ones stay in memory, the others wait in a file, so that memory does not depend on the
 * trace's length.
 *
 *     written     block │ block │ … │ block        block │ block │ …
 *                 └─── KEPT_BLOCKS ───┘        └─── in a file, made when the first of them comes
 *
 * One writing, then any number of readings. Whoever makes one closes it, which removes the file.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { EventReader } from './event-reader.ts';
import { EventWriter } from './event-writer.ts';
import { BLOCK_BYTES, BLOCK_WORDS } from './spooled-record.ts';
import type { TraceEvent } from './trace-event.ts';

/** 32 MiB: more than a million events. */
const KEPT_BLOCKS = 128;

interface BlockFile {
  readonly folder: string;
  readonly descriptor: number;
}

export class EventSpool {
  readonly #keptBlocks: number;
  readonly #kept: Int32Array[] = [];
  #file: BlockFile | undefined;
  #filedBlocks = 0;
  #failure: string | undefined;
  readonly #writer = new EventWriter(new Int32Array(BLOCK_WORDS), (words) => this.#put(words));

  /** `keptBlocks` of BLOCK_BYTES are the most that stay in memory. */
  constructor(keptBlocks = KEPT_BLOCKS) {
    this.#keptBlocks = keptBlocks;
  }

  /** Adds an event. What goes wrong is told by `finish`. */
  write(event: TraceEvent): void {
    this.#writer.write(event);
  }

  /** Ends the writing. Errors: 'storage' when this host's folder for temporary files cannot take the events. */
  finish(): Result<void> {
    this.#writer.finish();
    if (this.#failure === undefined) return ok(undefined);
    return fail('storage', `a long trace's events cannot be put away in ${tmpdir()}: ${this.#failure}`);
  }

  /**
   * Tells all events in their order, block by block; yields the share of the blocks that was told. Throws when the file is
   * gone or shorter: nobody else has a hand in it.
   */
  *read(onEvent: (event: TraceEvent) => void): Generator<number, void> {
    const reader = new EventReader(onEvent);
    const blocks = this.#kept.length + this.#filedBlocks;
    for (const [index, words] of this.#kept.entries()) {
      reader.read(words);
      yield (index + 1) / blocks;
    }
    if (this.#file === undefined) return;
    const words = new Int32Array(BLOCK_WORDS);
    for (let index = 0; index < this.#filedBlocks; index++) {
      const bytes = readSync(this.#file.descriptor, words, 0, BLOCK_BYTES, index * BLOCK_BYTES);
      if (bytes !== BLOCK_BYTES) throw new Error(`block ${index} of the spool has ${bytes} bytes`);
      reader.read(words);
      yield (this.#kept.length + index + 1) / blocks;
    }
  }

  /** Removes the file. */
  close(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file.descriptor);
    rmSync(this.#file.folder, { recursive: true, force: true });
    this.#file = undefined;
  }

  /** Puts a full block away; answers with the one to be filled next. */
  #put(words: Int32Array): Int32Array {
    if (this.#kept.length < this.#keptBlocks) {
      this.#kept.push(words);
      return new Int32Array(BLOCK_WORDS);
    }
    if (this.#failure !== undefined) return words;
    try {
      this.#file ??= makeFile();
      writeSync(this.#file.descriptor, words, 0, BLOCK_BYTES, this.#filedBlocks * BLOCK_BYTES);
      this.#filedBlocks += 1;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
    return words;
  }
}

function makeFile(): BlockFile {
  const folder = mkdtempSync(join(tmpdir(), 'percpu-lab-events-'));
  return { folder, descriptor: openSync(join(folder, 'events'), 'w+', 0o600) };
}
