/** Machines of any per-CPU configuration, for tests that say what holds for all of them. */
import fc from 'fast-check';
import type { MachineConfig } from '../../../../src/main/machine/memory/arena.ts';
import { firstChunkFramesAtBoot } from '../../../../src/main/machine/percpu/boot-first-chunk.ts';
import { planPercpu } from '../../../../src/main/machine/percpu/percpu-plan.ts';
import { BUFFER_LAYOUTS } from '../../../../src/shared/design.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { machineConfig, smallPercpu } from '../fixtures/make-machine.ts';

const KIB = 1024;

const sizes = fc.record({
  method: fc.constantFrom('embed', 'page', 'fixed-unit', 'uniprocessor'),
  otherStaticBytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
  reservedBytes: fc.constantFrom(0, 2048, 8192, 20_000),
  dynamicRequestBytes: fc.integer({ min: 4 * KIB, max: 40_000 }),
  minUnitBytes: fc.constantFrom(32 * KIB, 64 * KIB),
  atomBytes: fc.constantFrom(64 * KIB, 256 * KIB),
  nodes: fc.integer({ min: 1, max: 4 }),
});

/** Up to nine possible CPUs, with memory for the first chunk and some megabytes of later ones. */
export const anyMachine: fc.Arbitrary<MachineConfig> = fc
  .record({
    percpu: sizes,
    possibleCpus: fc.integer({ min: 1, max: 9 }),
    pageSizeBytes: fc.constantFrom(4 * KIB, 16 * KIB),
    bufferLayout: fc.constantFrom(...BUFFER_LAYOUTS),
  })
  .map(({ percpu: drawn, pageSizeBytes, bufferLayout, ...rest }) => {
    const possibleCpus = drawn.method === 'uniprocessor' ? 1 : rest.possibleCpus;
    const percpu = smallPercpu(pageSizeBytes, drawn);
    const config = machineConfig({ possibleCpus, onlineCpus: 1, pageSizeBytes, bufferLayout, percpu });
    const atBoot = firstChunkFramesAtBoot(valueOf(planPercpu(config)));
    return { ...config, memoryBytes: (atBoot + 1200) * pageSizeBytes };
  });
