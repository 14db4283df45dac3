/** A machine with page tables that is built to be looked at: with its chunks at rest, or with those that come on top. */
import type { AddressSpaceShape, MomentTotals, SpaceMoment } from '../../../shared/address-space-contract.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { complete } from '../../machine/cpu.ts';
import type { TlbConfig } from '../../machine/memory/address-space-layout.ts';
import { pageGeometry } from '../../machine/memory/page-geometry.ts';
import type { MappedMachine, MappedMachineConfig } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { tableFigures, tablesByLevel } from '../../machine/percpu/local-mapping/table-figures.ts';
import { bootMachine, countingCpu, growTo, memoryFor } from '../mapping/build-machine.ts';

/** Pages of all units together, mapped once globally and once in the windows: about a microsecond each. */
const MOST_PAGES = 2 ** 21;

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
    const booted = bootMachine(config);
    return booted.ok ? ok(new ShownMachine(booted.value, shape)) : booted;
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
    growTo(this.machine, chunks);
    for (const chunk of mapping.chunks().slice(chunks).toReversed()) {
      complete(this.machine.removeChunk(countingCpu, chunk, pages));
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
  return {
    possibleCpus,
    onlineCpus,
    translation,
    memoryBytes: memoryFor(possibleCpus, { unitBytes, maxChunks }, pageGeometry(translation)),
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
