/** From a section's settings to its jobs: what options mean together, then one job per clone. */
import type { FioJob, FioJobRemark, FioVerify } from './fio-job.ts';
import type { JobSettings } from './job-settings.ts';
import type { Place, SectionDraft } from './section-draft.ts';

/** zram takes whole blocks of this size only (its logical block size, whatever the page size). */
const DEVICE_BLOCK_BYTES = 4096;

export interface JobSection {
  readonly name: string;
  readonly place: Place;
  readonly draft: SectionDraft;
  readonly phaseGroup: number;
  readonly reportGroup: number;
}

/** Says of one section's sum what is wrong with it. */
type Complain = (option: string, message: string) => void;

function isMixed(rw: FioJob['rw']): boolean {
  return rw === 'readwrite' || rw === 'randrw';
}

function onlyReads(rw: FioJob['rw']): boolean {
  return rw === 'read' || rw === 'randread';
}

function blockBytesOf(settings: JobSettings, complain: Complain): number {
  const { rw, readBlockBytes, writeBlockBytes } = settings;
  if (isMixed(rw) && readBlockBytes !== writeBlockBytes)
    complain('bs', `Blocks of ${readBlockBytes} to read and ${writeBlockBytes} to write in one job are not modelled`);
  const blockBytes = onlyReads(rw) ? readBlockBytes : writeBlockBytes;
  if (blockBytes % DEVICE_BLOCK_BYTES !== 0)
    complain('bs', `'bs' must be a multiple of zram's ${DEVICE_BLOCK_BYTES} bytes, not ${blockBytes}`);
  return blockBytes;
}

function checkOffsets(settings: JobSettings, complain: Complain): void {
  const offsets = { offset: settings.offsetBytes, offset_increment: settings.offsetIncrementBytes };
  for (const [option, bytes] of Object.entries(offsets)) {
    if (bytes % DEVICE_BLOCK_BYTES === 0) continue;
    complain(option, `'${option}' must be a multiple of zram's ${DEVICE_BLOCK_BYTES} bytes, not ${bytes}`);
  }
}

function sizeBytesOf(settings: JobSettings, blockBytes: number, complain: Complain): number {
  const { sizeBytes } = settings;
  if (sizeBytes === undefined) {
    complain('section', "This job has no 'size'");
    return 0;
  }
  if (sizeBytes < blockBytes)
    complain('size', `'size' (${sizeBytes} bytes) is less than one block (${blockBytes} bytes)`);
  return sizeBytes - (sizeBytes % blockBytes);
}

/** fio rounds an io_size up to whole blocks within the region, and down beyond it. 0 is its word for "not given". */
function ioSizeBytesOf({ ioSizeBytes }: JobSettings, sizeBytes: number, blockBytes: number): number | undefined {
  if (ioSizeBytes === undefined || ioSizeBytes === 0) return undefined;
  const blocks = ioSizeBytes / blockBytes;
  return (ioSizeBytes > sizeBytes ? Math.floor(blocks) : Math.ceil(blocks)) * blockBytes;
}

function verifyOf(settings: JobSettings, complain: Complain): FioVerify {
  const { verify, verifyPattern } = settings;
  if (verify === undefined) return verifyPattern === undefined ? 'none' : 'pattern-header';
  if (verify === 'pattern' && verifyPattern === undefined)
    complain('verify', "'verify=pattern' needs 'verify_pattern'");
  return verify;
}

function readPercentOf({ rw, mixedReadPercent }: JobSettings): number {
  if (isMixed(rw)) return mixedReadPercent;
  return onlyReads(rw) ? 100 : 0;
}

/** The name that fio gives the clone's file: the one asked for, or NAME.CLONE.0, in the folder asked for. */
function fileNameOf(section: string, settings: JobSettings, clone: number): string {
  const name = settings.fileName ?? `${section}.${clone}.0`;
  return settings.directory === undefined ? name : `${settings.directory}/${name}`;
}

function deviceIndexOf(fileName: string): number | undefined {
  const index = /^\/dev\/zram(0|[1-9][0-9]{0,4})$/.exec(fileName)?.[1];
  return index === undefined ? undefined : Number(index);
}

function cloneOf(shared: Omit<FioJob, 'cloneIndex' | 'fileName'>, settings: JobSettings, cloneIndex: number): FioJob {
  const fileName = fileNameOf(shared.name, settings, cloneIndex);
  return {
    ...shared,
    cloneIndex,
    fileName,
    deviceIndex: deviceIndexOf(fileName),
    offsetBytes: settings.offsetBytes + settings.offsetIncrementBytes * cloneIndex,
  };
}

function isSynchronous({ engine }: JobSettings): boolean {
  return engine === 'sync' || engine === 'psync';
}

function sharedPart(section: JobSection, complain: Complain): Omit<FioJob, 'cloneIndex' | 'fileName'> {
  const { settings } = section.draft;
  const blockBytes = blockBytesOf(settings, complain);
  const sizeBytes = sizeBytesOf(settings, blockBytes, complain);
  const { runtimeMs, randSeed, verifyPattern } = settings;
  return {
    name: section.name,
    line: section.place.line,
    rw: settings.rw,
    readPercent: readPercentOf(settings),
    blockBytes,
    sizeBytes,
    offsetBytes: settings.offsetBytes,
    timeBased: settings.timeBased,
    loops: settings.loops,
    ioDepth: isSynchronous(settings) ? 1 : settings.ioDepth,
    phaseGroup: section.phaseGroup,
    reportGroup: section.reportGroup,
    verify: verifyOf(settings, complain),
    doVerify: settings.doVerify,
    buffer: settings.buffer,
    ioSizeBytes: ioSizeBytesOf(settings, sizeBytes, blockBytes),
    runtimeMs,
    randSeed,
    verifyPattern,
  };
}

/** What a reader of the file may not expect of this section. */
function noteDifferences(section: JobSection, shared: { readonly ioDepth: number }, notes: FioJobRemark[]): void {
  const { settings, places } = section.draft;
  if (settings.ioDepth !== shared.ioDepth)
    notes.push({
      ...(places.get('iodepth') ?? section.place),
      message: `'iodepth' has no effect with ioengine=${settings.engine}: one operation at a time`,
    });
  const { fileName, directory } = settings;
  const elsewhere = fileName ?? directory;
  if (elsewhere === undefined || deviceIndexOf(fileNameOf(section.name, settings, 0)) !== undefined) return;
  notes.push({
    ...(places.get(fileName === undefined ? 'directory' : 'filename') ?? section.place),
    message: `'${elsewhere}' is not a zram device: the lab chooses one`,
  });
}

/** The section's jobs; empty when something was wrong, which is then in `errors`. */
export function finishJobs(section: JobSection, errors: FioJobRemark[], notes: FioJobRemark[]): readonly FioJob[] {
  const { settings, places } = section.draft;
  const errorsBefore = errors.length;
  const complain: Complain = (option, message) =>
    void errors.push({ ...(places.get(option) ?? section.place), message });
  const shared = sharedPart(section, complain);
  checkOffsets(settings, complain);
  if (settings.timeBased && settings.runtimeMs === undefined) complain('time_based', "'time_based' needs 'runtime'");
  if (errors.length > errorsBefore) return [];
  noteDifferences(section, shared, notes);
  return Array.from({ length: settings.clones }, (_, clone) => cloneOf(shared, settings, clone));
}
