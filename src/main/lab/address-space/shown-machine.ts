/** A machine with page tables that is built to be looked at: with its chunks at rest, or with those that come on top. */
import type { AddressSpaceShape, MomentTotals, SpaceMoment } from '../../../shared/address-space-contract.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { complete } from '../../engine/live/live-cpu.ts';
import type { TlbConfig } from '../../machine/memory/address-space.ts';
import { FrameKind } from '../../machine/memory/arena-layout.ts';
import { pageGeometry } from '../../machine/memory/page-geometry.ts';
import { MappedMachine, type MappedMachineConfig } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { tableFigures, tablesByLevel } from '../../machine/percpu/local-mapping/table-figures.ts';
import { cpuId } from '../../machine/units.ts';
import { LoneCpu } from '../lone-cpu.ts';

/** Pages of all units together, mapped once globally and once in the windows: about a microsecond each. */
const MOST_PAGES = 2 ** 21;
/** Tables of a CPU beside a last-level table per chunk. */
const SPARE_TABLES = 16;
/** Tables of the linear map and of the chunk range above their last level. */
const SHARED_TABLES = 1024;

const cpu = new LoneCpu(cpuId(0));

export class ShownMachine {
  readonly machine: MappedMachine;
  readonly totals: Readonly<Record<SpaceMoment, MomentTotals>>;
  readonly #shape: AddressSpaceShape;
  #moment: SpaceMoment = 'at-rest';

  private constructor(machine: MappedMachine, shape: AddressSpaceShape) {
    this.machine = machine;
    this.#shape = shape;
    this.#resize(shape.chunksAtRest);
    const atRest = this.#count();
    this.#resize(shape.chunksAtRest + shape.chunksAdded);
    this.totals = { 'at-rest': atRest, added: this.#count() };
    this.#resize(shape.chunksAtRest);
  }

  /** Errors: 'bad-input' for more pages than anybody can look at, 'out-of-memory' when the host does not give the buffer. */
  static build(shape: AddressSpaceShape): Result<ShownMachine> {
    const config = configOf(shape);
    const pages = (config.mapping.maxChunks * shape.possibleCpus * config.mapping.unitBytes) / pageBytes(shape);
    if (pages > MOST_PAGES) {
      return fail(
        'bad-input',
        `${config.mapping.maxChunks} chunks on ${shape.possibleCpus} CPUs are ${pages} pages; at most ${MOST_PAGES} are built to be looked at`,
        'shape.possibleCpus',
      );
    }
    const buffer = allocate(MappedMachine.bytesFor(config));
    if (!buffer.ok) return buffer;
    const booted = complete(MappedMachine.boot(cpu, buffer.value, config));
    if (booted === undefined || !adoptFirstChunk(booted)) throw new Error('the memory does not hold the tables');
    return ok(new ShownMachine(booted, shape));
  }

  get moment(): SpaceMoment {
    return this.#moment;
  }

  /** Creates or destroys the chunks that tell the two moments apart; the last ones go first. */
  moveTo(moment: SpaceMoment): void {
    const { chunksAtRest, chunksAdded } = this.#shape;
    this.#resize(moment === 'at-rest' ? chunksAtRest : chunksAtRest + chunksAdded);
    this.#moment = moment;
  }

  #resize(chunks: number): void {
    const { mapping } = this.machine;
    const pages = mapping.config.unitBytes / this.machine.arena.config.pageSizeBytes;
    while (mapping.chunks().length < chunks) {
      if (complete(this.machine.addChunk(cpu, pages)) === undefined) {
        throw new Error('the memory does not hold the chunks');
      }
    }
    for (const chunk of mapping.chunks().slice(chunks).toReversed()) {
      complete(this.machine.removeChunk(cpu, chunk, pages));
    }
  }

  #count(): MomentTotals {
    const { space, mapping } = this.machine;
    const { windowSpaceBytes, globalSpaceBytes } = tableFigures(space, mapping);
    return { chunks: mapping.chunks(), levels: tablesByLevel(space), windowSpaceBytes, globalSpaceBytes };
  }
}

function configOf(shape: AddressSpaceShape): MappedMachineConfig {
  const { addressSpace, possibleCpus, onlineCpus, chunksAtRest, chunksAdded } = shape;
  const { translation, window, firstChunk, tablesFor, unitBytes, tlb } = addressSpace;
  const maxChunks = chunksAtRest + chunksAdded;
  const tables = possibleCpus * (maxChunks + SPARE_TABLES) + SHARED_TABLES;
  return {
    possibleCpus,
    onlineCpus,
    translation,
    memoryBytes: maxChunks * possibleCpus * unitBytes + tables * pageBytes(shape),
    tlb: { ...tlb, ...sharing(shape) },
    pgdTakesPage: false,
    mapping: { window, firstChunk, tablesFor, unitBytes, maxChunks },
  };
}

function sharing({ tlbSharing, possibleCpus }: AddressSpaceShape): Pick<TlbConfig, 'cpusPerTlb' | 'isTagged'> {
  const isShared = tlbSharing !== 'own' && possibleCpus > 1;
  return { cpusPerTlb: isShared ? 2 : 1, isTagged: tlbSharing === 'smt-tagged' };
}

function pageBytes({ addressSpace }: AddressSpaceShape): number {
  return pageGeometry(addressSpace.translation).pageSizeBytes;
}

/** Where the first chunk is an embedded one: its units in one piece of memory. */
function adoptFirstChunk({ mapping, frames, arena }: MappedMachine): boolean {
  if (mapping.config.firstChunk === 'page') return true;
  const pages = (mapping.config.unitBytes / arena.config.pageSizeBytes) * arena.config.possibleCpus;
  const first = frames.takeAtBoot(pages, FrameKind.percpu);
  return first !== undefined && complete(mapping.adoptFirstChunk(cpu, first));
}

function allocate(bytes: number): Result<SharedArrayBuffer> {
  try {
    return ok(new SharedArrayBuffer(bytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail('out-of-memory', `this host cannot give the machine ${bytes} bytes in one piece`, 'shape.possibleCpus');
  }
}
