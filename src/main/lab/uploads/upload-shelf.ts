/**
 * Files that a user has brought from a machine that need not be this one: received in pieces, kept in a folder of the
 * system's for temporary files until they are dropped or the lab closes.
 *
 *     receiving ──all bytes there──▶ kept (identified) ──drop, or too many others──▶ gone
 *         └──drop, or no evidence──▶ gone
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBase64 } from '../../../shared/base64.ts';
import { type EvidenceFile, MAX_EVIDENCE_BYTES, MAX_EVIDENCE_FILES } from '../../../shared/evidence-contract.ts';
import { fail, type Failure, ok, type Result } from '../../../shared/result.ts';
import { identifyFile } from './identify-file.ts';

interface Shelved {
  readonly name: string;
  readonly sizeBytes: number;
  readonly path: string;
  receivedBytes: number;
  /** Absent while bytes are missing. */
  file?: EvidenceFile;
}

/** A file that is wholly there. */
export interface KeptFile {
  readonly file: EvidenceFile;
  readonly path: string;
}

const MEBIBYTE = 2 ** 20;

export class UploadShelf {
  /** In the order of their last use. */
  readonly #files = new Map<string, Shelved>();
  #folder: string | undefined;

  async open({
    name,
    sizeBytes,
  }: {
    readonly name: string;
    readonly sizeBytes: number;
  }): Promise<Result<{ readonly fileId: string }>> {
    if (sizeBytes > MAX_EVIDENCE_BYTES) {
      const size = Math.ceil(sizeBytes / MEBIBYTE);
      const message = `${name} has ${size} MiB; files of up to ${MAX_EVIDENCE_BYTES / MEBIBYTE} MiB are taken. Pack it with gzip, or cut it`;
      return fail('bad-input', message, name);
    }
    const fileId = randomUUID();
    try {
      this.#folder ??= mkdtempSync(join(tmpdir(), 'percpu-lab-evidence-'));
      const path = join(this.#folder, fileId);
      await writeFile(path, '');
      this.#files.set(fileId, { name, sizeBytes, path, receivedBytes: 0 });
    } catch (error) {
      return notStored(name, error);
    }
    const [oldest] = this.#files.keys();
    if (this.#files.size > MAX_EVIDENCE_FILES && oldest !== undefined) this.drop(oldest);
    return ok({ fileId });
  }

  /** Takes the next bytes of a file; pieces come one after another. */
  async receive(piece: {
    readonly fileId: string;
    readonly offsetBytes: number;
    readonly base64: string;
  }): Promise<Result<{ readonly receivedBytes: number }>> {
    const shelved = this.#files.get(piece.fileId);
    if (shelved === undefined || shelved.file !== undefined) return notHere();
    const bytes = fromBase64(piece.base64);
    const { name, sizeBytes, receivedBytes } = shelved;
    if (bytes === undefined) return fail('bad-input', `a piece of ${name} is no base64`, 'base64');
    if (piece.offsetBytes !== receivedBytes || receivedBytes + bytes.length > sizeBytes) {
      const message = `a piece of ${name} is for byte ${piece.offsetBytes}, but ${receivedBytes} of ${sizeBytes} have come`;
      return fail('bad-input', message, 'offsetBytes');
    }
    shelved.receivedBytes += bytes.length;
    try {
      await appendFile(shelved.path, bytes);
    } catch (error) {
      this.drop(piece.fileId);
      return notStored(name, error);
    }
    return ok({ receivedBytes: shelved.receivedBytes });
  }

  /** All bytes are there: says what it is. A file that is nothing is forgotten. */
  async finish(fileId: string): Promise<Result<EvidenceFile>> {
    const shelved = this.#files.get(fileId);
    if (shelved === undefined) return notHere();
    const { name, sizeBytes, receivedBytes, path } = shelved;
    if (receivedBytes < sizeBytes) {
      return fail('bad-input', `${receivedBytes} of ${sizeBytes} bytes of ${name} have come`, name);
    }
    const kind = await identifyFile(path, name);
    if (!kind.ok) {
      this.drop(fileId);
      return kind;
    }
    shelved.file = { fileId, name, sizeBytes, kind: kind.value };
    return ok(shelved.file);
  }

  /** A file that was finished; 'not-found' when it was dropped since. */
  find(fileId: string): Result<KeptFile> {
    const shelved = this.#files.get(fileId);
    if (shelved?.file === undefined) return notHere();
    this.#files.delete(fileId);
    this.#files.set(fileId, shelved);
    return ok({ file: shelved.file, path: shelved.path });
  }

  /** Forgets a file; one that is not there is forgotten already. */
  drop(fileId: string): void {
    const shelved = this.#files.get(fileId);
    if (shelved === undefined) return;
    this.#files.delete(fileId);
    rmSync(shelved.path, { force: true });
  }

  /** Removes everything from the disk. */
  close(): void {
    this.#files.clear();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

function notHere(): Failure {
  return fail('not-found', 'the lab does not have this file any more; drop it again');
}

function notStored(name: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return fail('storage', `${name} cannot be put into the folder for temporary files: ${reason}`, name);
}
