import { closeSync, openSync } from 'node:fs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { DeviceRecord } from '../../../../src/main/engine/kernel/device-record.ts';
import { KernelDevice, removeLeftovers } from '../../../../src/main/engine/kernel/kernel-device.ts';
import { diskSequence, KERNEL_FILES } from '../../../../src/main/engine/kernel/zram-control.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';
import { devicesOf, isThere, type NotedDevice, skipWithoutKernelZram } from './real-kernel.ts';

beforeEach(skipWithoutKernelZram);

const SET_UP = { algorithm: 'lz4', diskSizeBytes: 1 << 20, pageSizeBytes: 4096 };

/** Removed at the end of the running test. */
function makeDevice(): KernelDevice {
  const device = valueOf(KernelDevice.make());
  onTestFinished(() => void device.dispose());
  return device;
}

function identify({ number }: KernelDevice): NotedDevice {
  return { device: number, diskSequence: diskSequence(KERNEL_FILES, number) ?? 'gone' };
}

describe('the life of a device', () => {
  it('goes from made to sized to open, and from there to removed', () => {
    const device = makeDevice();
    const identity = identify(device);
    expect(devicesOf(process.pid)).toContainEqual(expect.objectContaining(identity));
    valueOf(device.setUp(SET_UP));
    expect(valueOf(device.open())).toBeGreaterThan(2);
    expect(device.mmStat().orig_data_size).toBe(0);
    expect(device.ioStat().failed_writes).toBe(0);
    valueOf(device.dispose());
    expect(isThere(identity)).toBe(false);
    expect(devicesOf(process.pid)).not.toContainEqual(expect.objectContaining(identity));
  });

  it.each(['made', 'sized', 'open'] as const)('ends from %s, and twice is nothing', (state) => {
    const device = makeDevice();
    const identity = identify(device);
    if (state !== 'made') valueOf(device.setUp(SET_UP));
    if (state === 'open') valueOf(device.open());
    valueOf(device.dispose());
    valueOf(device.dispose());
    expect(isThere(identity)).toBe(false);
  });

  it('has no other moves', () => {
    const device = makeDevice();
    expect(() => device.open()).toThrow(`open needs ${device.name} sized, but it is made`);
    expect(() => device.close()).toThrow(`close needs ${device.name} open, but it is made`);
    valueOf(device.setUp(SET_UP));
    expect(() => device.setUp(SET_UP)).toThrow(`setUp needs ${device.name} made, but it is sized`);
    valueOf(device.open());
    expect(() => device.open()).toThrow(`open needs ${device.name} sized, but it is open`);
    valueOf(device.dispose());
    expect(() => device.setUp(SET_UP)).toThrow(`setUp needs ${device.name} made, but it is removed`);
  });
});

describe('what the kernel refuses', () => {
  it('is named: an algorithm that it does not have', () => {
    const device = makeDevice();
    expect(errorOf(device.setUp({ ...SET_UP, algorithm: 'none-such' }))).toEqual({
      code: 'unavailable',
      message: `the kernel refused comp_algorithm none-such for ${device.name} (EINVAL)`,
    });
    valueOf(device.dispose());
  });

  it('is named: a disk of no size', () => {
    const device = makeDevice();
    expect(errorOf(device.setUp({ ...SET_UP, diskSizeBytes: 0 })).message).toBe(
      `the kernel refused disksize 0 for ${device.name} (EINVAL)`,
    );
  });

  it("is another page size than the kernel's", () => {
    const device = makeDevice();
    const error = errorOf(device.setUp({ ...SET_UP, pageSizeBytes: 16384 }));
    expect(error.message).toMatch(/^this host's kernel has pages of \d+ bytes, so its zram cannot run with 16384$/);
    expect(error.where).toBe('machine.pageSizeBytes');
  });
});

describe('a device that somebody else has open', () => {
  it('is left, noted, and removed once it is free', () => {
    const device = makeDevice();
    const identity = identify(device);
    valueOf(device.setUp(SET_UP));
    const guest = openSync(`/dev/${device.name}`, 'r');
    const error = errorOf(device.dispose());
    closeSync(guest);
    expect(error.message).toBe(
      `another program has /dev/${device.name} open, so it could not be removed; a later run will`,
    );
    expect(isThere(identity)).toBe(true);
    expect(devicesOf(process.pid)).toContainEqual(expect.objectContaining(identity));
    valueOf(device.dispose());
    expect(isThere(identity)).toBe(false);
  });
});

describe('two devices at once', () => {
  it('have numbers of their own and end apart', () => {
    const [one, other] = [makeDevice(), makeDevice()];
    expect(one.number).not.toBe(other.number);
    const identity = identify(other);
    valueOf(one.dispose());
    expect(isThere(identity)).toBe(true);
  });
});

describe('leftovers', () => {
  it('are never devices of a process that lives', () => {
    const device = makeDevice();
    const identity = identify(device);
    expect(removeLeftovers(new DeviceRecord())).toEqual([]);
    expect(isThere(identity)).toBe(true);
  });
});
