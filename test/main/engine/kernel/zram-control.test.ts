import { describe, expect, it } from 'vitest';
import { checkKernelZram, diskSequence } from '../../../../src/main/engine/kernel/zram-control.ts';
import { errorOf } from '../../lab/small-lab.ts';
import { FolderKernel } from './kernel-files.ts';

describe('what is missing is said in one sentence', () => {
  const kernel = (): FolderKernel => {
    const made = new FolderKernel();
    made.addControl();
    return made;
  };

  it('when the system is not Linux', () => {
    expect(errorOf(checkKernelZram(kernel().files, { platform: 'darwin', userId: 0 }))).toEqual({
      code: 'unavailable',
      message: 'the kernel engine needs Linux with zram; this host runs darwin',
    });
  });

  it('when the kernel has no zram', () => {
    const { files } = new FolderKernel();
    expect(errorOf(checkKernelZram(files, { platform: 'linux', userId: 0 })).message).toBe(
      `this kernel has no zram (${files.control}/hot_add is missing); load it with 'modprobe zram num_devices=0'`,
    );
  });

  it('when the user is not root', () => {
    expect(errorOf(checkKernelZram(kernel().files, { platform: 'linux', userId: 1000 })).message).toBe(
      'only root may make a zram device, and this process is not root; run it as root (sudo)',
    );
  });

  it('and nothing when all is there', () => {
    expect(checkKernelZram(kernel().files, { platform: 'linux', userId: 0 }).ok).toBe(true);
  });
});

describe('the sequence number of a disk', () => {
  it('tells a device from another that got its name', () => {
    const kernel = new FolderKernel();
    kernel.disk(3, '17');
    expect(diskSequence(kernel.files, 3)).toBe('17');
    kernel.disk(3, '18');
    expect(diskSequence(kernel.files, 3)).toBe('18');
  });

  it('is undefined without the disk, and none on a kernel that has no such numbers', () => {
    const kernel = new FolderKernel();
    kernel.disk(4);
    expect(diskSequence(kernel.files, 3)).toBeUndefined();
    expect(diskSequence(kernel.files, 4)).toBe('none');
  });
});
