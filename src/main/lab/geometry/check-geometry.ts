/** The geometry check of whole files: what the command line asks, and what the dashboard can ask about a dropped file. */
import { type LogRecord, type LogRecords, readLogRecords } from '../../evidence/boot-log/log-records.ts';
import { parseBootLog } from '../../evidence/boot-log/parse-boot-log.ts';
import { checkBoot } from './check-boot.ts';
import type { BootCheck, FileCheck, GeometryVerdict } from '../../../shared/geometry-check.ts';

/** From the worst on. */
const VERDICTS: readonly GeometryVerdict[] = ['differs', 'incomplete', 'match'];

/** Checks every boot of a log, or of a collection of logs. Pure, never throws; a text without any boot is `incomplete`. */
export function checkGeometry(log: { readonly name: string; readonly text: string }): FileCheck {
  const collection = readLogRecords(log.text);
  const { boots, malformed } = collection === undefined ? checkLog(log.text) : checkCollection(collection);
  const verdict = VERDICTS.find((each) => boots.some((boot) => boot.verdict === each)) ?? 'incomplete';
  const decisive = boots.find((boot) => boot.verdict === verdict);
  return {
    file: log.name,
    verdict,
    ...(decisive === undefined ? {} : { computed: decisive.computed, printed: decisive.printed }),
    boots,
    malformed,
  };
}

type Checked = Pick<FileCheck, 'boots' | 'malformed'>;

function checkLog(text: string): Checked {
  const { boots, malformed } = parseBootLog(text);
  return { boots: boots.map(checkBoot), malformed };
}

function checkCollection({ records, malformed }: LogRecords): Checked {
  const within = records.flatMap(({ line, log }) =>
    log.malformed.map((each) => ({ line, message: `line ${each.line} of the log: ${each.message}` })),
  );
  return { boots: records.flatMap(checkRecord), malformed: [...malformed, ...within] };
}

/** A user finds a record by its line of the file. */
function checkRecord({ line, name, log }: LogRecord): readonly BootCheck[] {
  return log.boots.map((boot) => {
    const check = checkBoot(boot);
    const differences = check.differences.map((each) => ({ ...each, line }));
    return { ...check, line, differences, ...(name === undefined ? {} : { record: name }) };
  });
}
