/**
 * What a CPU does with a per-CPU pointer, step by step:
 *
 *     pointer ─ + unit offset of the CPU ─▶ address ─ page table ─▶ page frame
 *
 * The kernel's pointer is the address in a unit that is not there (linked at 0, or an area's base less a constant); what is
 * added to it is __per_cpu_offset[cpu]. Both contain the same constant, which cancels out, so it is left away here.
 */
import type { PercpuPicture, PictureChunk } from '../../shared/percpu-picture.ts';
import type { GlossaryTerm } from '../words/glossary.ts';
import { formatBytes } from '../format/bytes.ts';
import { hex } from '../format/hex.ts';

export interface TranslationStep {
  readonly title: string;
  readonly term?: GlossaryTerm | undefined;
  readonly value: string;
  /** One sentence without a full stop. */
  readonly what: string;
}

export interface TranslatedPointer {
  readonly picture: PercpuPicture;
  readonly chunk: PictureChunk;
  /** From the start of a unit. */
  readonly unitByte: number;
  /** Place in `picture.units`. */
  readonly unit: number;
}

/** The steps for one pointer on one unit's CPU; what the source does not know is said. */
export function translationSteps(pointer: TranslatedPointer): readonly TranslationStep[] {
  const { picture, chunk, unitByte: inUnit, unit } = pointer;
  const base = baseOf(chunk);
  const place = picture.units[unit];
  const cpu = place?.cpu;
  const cpuName = cpu === undefined ? 'the unused unit' : `CPU ${cpu}`;
  return [
    {
      title: 'pointer',
      term: 'percpuPointer',
      value: sum(base, inUnit),
      what: `the same for every CPU: chunk at ${base.name}, ${hex(inUnit)} bytes into a unit`,
    },
    {
      title: `+ offset of ${cpuName}`,
      term: 'unitOffset',
      value: place?.offsetBytes === undefined ? 'not known' : hex(place.offsetBytes),
      what:
        place?.offsetBytes === undefined
          ? `where group ${place?.group ?? '?'}’s block lies, the source does not say`
          : offsetWords(unit, place.offsetBytes),
    },
    {
      title: '= address',
      value: place?.offsetBytes === undefined ? 'not known' : sum(base, inUnit + place.offsetBytes),
      what: `where ${cpuName} finds its own copy`,
    },
    frameStep(pointer),
  ];
}

interface Base {
  readonly name: string;
  readonly address: number | undefined;
}

function baseOf({ baseAddress, baseName }: PictureChunk): Base {
  if (baseAddress !== undefined) return { name: hex(baseAddress), address: baseAddress };
  return { name: baseName ?? 'base', address: undefined };
}

/** A number where the base is one; else the base's name and what is added to it. */
function sum({ name, address }: Base, bytes: number): string {
  return address === undefined ? `${name} + ${hex(bytes)}` : hex(address + bytes);
}

function offsetWords(unit: number, offsetBytes: number): string {
  return unit === 0
    ? 'its unit is the first one'
    : `unit ${unit} begins ${formatBytes(offsetBytes)} behind the first one`;
}

function frameStep({ picture, chunk, unitByte, unit }: TranslatedPointer): TranslationStep {
  const { pageSizeBytes } = picture.geometry;
  const offsetBytes = unitByte - chunk.unitStartBytes;
  const page = Math.floor(offsetBytes / pageSizeBytes);
  // Before the dynamic part lie the static variables, which always have pages.
  const isPopulated = page < 0 || chunk.populated[page] === 1;
  const frame = chunk.objects?.frames?.[page * picture.units.length + unit];
  const within = hex(unitByte % pageSizeBytes);
  const unitPage = Math.floor(unitByte / pageSizeBytes);
  const title = '→ page frame';
  if (!isPopulated)
    return { title, term: 'pageFrame', value: 'none', what: `page ${unitPage} of the unit is not populated` };
  if (frame === undefined) {
    const what = `page ${unitPage} of the unit is populated, with a frame of its own in every unit; the source does not say which`;
    return { title, term: 'pageFrame', value: `a frame + ${within}`, what };
  }
  if (frame < 0)
    return { title, term: 'pageFrame', value: 'none', what: `no frame is behind page ${unitPage} of this unit` };
  return {
    title,
    term: 'pageFrame',
    value: `frame ${frame} + ${within}`,
    what: `page ${unitPage} of the unit; physical address ${hex(frame * pageSizeBytes + (unitByte % pageSizeBytes))}`,
  };
}
