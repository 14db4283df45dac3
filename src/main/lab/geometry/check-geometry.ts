/** The geometry check of whole files: what the command line asks, and what the dashboard can ask about a dropped file. */
import { parseBootLog } from '../../evidence/boot-log/parse-boot-log.ts';
import { checkBoot } from './check-boot.ts';
import type { FileCheck, GeometryVerdict } from '../../../shared/geometry-check.ts';

/** From the worst on. */
const VERDICTS: readonly GeometryVerdict[] = ['differs', 'incomplete', 'match'];

/** Checks every boot of a log. Pure, never throws; a text without any boot is `incomplete`. */
export function checkGeometry(log: { readonly name: string; readonly text: string }): FileCheck {
  const { boots: logged, malformed } = parseBootLog(log.text);
  const boots = logged.map(checkBoot);
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
