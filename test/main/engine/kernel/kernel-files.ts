/** Files of a kernel that is not there: a folder with zram's control files, disks, a boot and processes as a test wants them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelFiles } from '../../../../src/main/engine/kernel/zram-control.ts';
import { temporaryFolder } from '../../lab/temporary-folder.ts';

export class FolderKernel {
  readonly files: KernelFiles;
  readonly recordFolder: string;

  constructor() {
    const folder = temporaryFolder();
    this.files = {
      control: join(folder, 'zram-control'),
      block: join(folder, 'block'),
      dev: join(folder, 'dev'),
      bootId: join(folder, 'boot_id'),
      proc: join(folder, 'proc'),
    };
    this.recordFolder = join(folder, 'record');
    this.boot('first');
    this.process(process.pid, '100');
  }

  /** A kernel with zram has the control files. */
  addControl(): void {
    mkdirSync(this.files.control, { recursive: true });
    writeFileSync(join(this.files.control, 'hot_add'), '');
  }

  /** The next boot has another id. */
  boot(id: string): void {
    writeFileSync(this.files.bootId, `${id}\n`);
  }

  /** A disk with this sequence number, or one of an old kernel without. */
  disk(number: number, sequence?: string): void {
    const folder = join(this.files.block, `zram${number}`);
    mkdirSync(folder, { recursive: true });
    rmSync(join(folder, 'diskseq'), { force: true });
    if (sequence !== undefined) writeFileSync(join(folder, 'diskseq'), `${sequence}\n`);
  }

  removeDisk(number: number): void {
    rmSync(join(this.files.block, `zram${number}`), { recursive: true });
  }

  /** A process with a name that is hard to parse, started at `startedAt`. */
  process(pid: number, startedAt: string): void {
    const folder = join(this.files.proc, String(pid));
    mkdirSync(folder, { recursive: true });
    const between = Array.from({ length: 18 }, (_, field) => field).join(' ');
    writeFileSync(join(folder, 'stat'), `${pid} (a) name (b) S ${between} ${startedAt} 0 0\n`);
  }

  endProcess(pid: number): void {
    rmSync(join(this.files.proc, String(pid)), { recursive: true });
  }
}
