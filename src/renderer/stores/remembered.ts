import * as v from 'valibot';
import { parseProfile, type Profile } from '../../shared/profile.ts';
import { ENGINES } from '../../shared/run-record.ts';

/** What the dashboard is for: experiments, what kernels printed, and the host's kernel held beside the lab. */
const PLACES = ['experiment', 'evidence', 'verify'] as const;

/** What the right pane shows of an experiment. */
const OUTCOME_TABS = ['run', 'space'] as const;

export type Place = (typeof PLACES)[number];
export type OutcomeTab = (typeof OUTCOME_TABS)[number];

const profile = v.pipe(
  v.unknown(),
  v.transform((input): Profile | undefined => {
    const parsed = parseProfile(input);
    return parsed.ok ? parsed.value : undefined;
  }),
);

/** Each field stands for itself: one that cannot be used costs no other. */
const rememberedSchema = v.object({
  place: v.fallback(v.picklist(PLACES), 'experiment'),
  tab: v.fallback(v.picklist(OUTCOME_TABS), 'run'),
  engine: v.fallback(v.picklist(ENGINES), 'live'),
  /** The file that was loaded; absent where the profile came from a run. */
  loadedId: v.fallback(v.optional(v.string()), undefined),
  /** What was loaded. */
  loaded: v.optional(profile),
  /** What the form held when it was last without errors of the schema. */
  draft: v.optional(profile),
  /** The result that was open. */
  runId: v.fallback(v.optional(v.string()), undefined),
});

/** What a page keeps for the next one: where its user was, and what stood in the form. */
export type Remembered = Readonly<v.InferOutput<typeof rememberedSchema>>;

/** What was kept, as far as it can be used; anything else is as if nothing had been kept. */
export function parseRemembered(text: string | undefined): Remembered {
  const parsed = v.safeParse(rememberedSchema, jsonOf(text));
  return parsed.success ? parsed.output : v.parse(rememberedSchema, {});
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // Not what this program wrote: as good as nothing.
    return undefined;
  }
}
