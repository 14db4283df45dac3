/** What tells the runs of a list apart, from as little of their profiles as that takes. */
import * as v from 'valibot';
import { CODEC_BEFORE_CHOICE } from '../../../shared/codec.ts';
import { recordedJobs } from '../plan/job-file.ts';
import { document, type UnknownRow } from './row.ts';

/** For a SELECT from `runs`; NULL where the profile is not JSON. */
export const TRAIT_COLUMNS = `
    CASE WHEN json_valid(profile) THEN json_object(
      'machine', json_extract(profile, '$.machine'),
      'jobFile', json_extract(profile, '$.workload.jobFile'),
      'data', json_extract(profile, '$.workload.data'),
      'seconds', json_extract(profile, '$.experiment.seconds')
    ) END AS traits`;

const partsSchema = v.object({
  machine: v.object({
    onlineCpus: v.number(),
    pageSizeBytes: v.number(),
    memoryBytes: v.number(),
    codec: v.optional(v.unknown(), CODEC_BEFORE_CHOICE),
  }),
  jobFile: v.nullable(v.string()),
  data: v.unknown(),
  seconds: v.nullable(v.number()),
});

/** The traits that the row's TRAIT_COLUMNS hold, yet to be parsed; undefined where these are of no profile. */
export function listingTraits(row: UnknownRow): unknown {
  if (typeof row['traits'] !== 'string') return undefined;
  const parts = v.safeParse(partsSchema, document(row['traits']));
  if (!parts.success) return undefined;
  const { machine, jobFile, data, seconds } = parts.output;
  const { onlineCpus } = machine;
  const limit = seconds === null ? {} : { seconds };
  if (jobFile === null) return { onlineCpus, ...limit };
  const codec = row['engine'] === 'kernel' ? {} : { codec: machine.codec };
  const jobs = recordedJobs(machine, jobFile)?.length;
  return { onlineCpus, ...(jobs === undefined ? {} : { jobs }), ...codec, ...limit, data };
}
