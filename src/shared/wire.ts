/**
 * What goes over the WebSocket between dashboard and lab: one JSON document per text message.
 *
 *   dashboard → lab   call    { kind, id, method, input }
 *   lab → dashboard   answer  { kind, id, result }      one per call, in any order
 *                     event   { kind, event }           to every connection, unasked: a connection is a subscription
 *
 * The lab's side parses calls down to the last field (`contractInputs`). The dashboard's side checks the envelope only:
 * what is in it comes from the same build of the lab, whose types it shares.
 */
import * as v from 'valibot';
import type { RunEvent } from './contract.ts';
import { fail, ok, type Result } from './result.ts';

/** Bytes of one message to the lab: a profile with a full job file and a long list of data paths fits many times. */
export const MAX_CALL_BYTES = 1024 * 1024;

/** Where the WebSocket is, on the address of the dashboard. */
export const WEBSOCKET_PATH = '/lab';

const callSchema = v.strictObject({
  kind: v.literal('call'),
  /** The caller's own number, repeated in the answer. */
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  method: v.pipe(v.string(), v.maxLength(100)),
  /** Parsed by the method's own schema. */
  input: v.unknown(),
});

export type CallMessage = v.InferOutput<typeof callSchema>;

export type LabMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly result: Result<unknown> }
  | { readonly kind: 'event'; readonly event: RunEvent };

const resultSchema = v.variant('ok', [
  v.looseObject({ ok: v.literal(true) }),
  v.looseObject({
    ok: v.literal(false),
    error: v.looseObject({ code: v.string(), message: v.string(), where: v.optional(v.string()) }),
  }),
]);

const labMessageSchema = v.variant('kind', [
  v.looseObject({ kind: v.literal('answer'), id: v.number(), result: resultSchema }),
  v.looseObject({
    kind: v.literal('event'),
    event: v.looseObject({ kind: v.picklist(['started', 'progress', 'sample', 'finished']) }),
  }),
]);

function parseJson(text: string): Result<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return fail('bad-input', 'The message is not JSON');
  }
}

/** A message that came to the lab; 'bad-input' when it is not a call. */
export function parseCallMessage(text: string): Result<CallMessage> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const parsed = v.safeParse(callSchema, json.value);
  if (parsed.success) return ok(parsed.output);
  return fail('bad-input', 'The message is not a call of a lab method', v.getDotPath(parsed.issues[0]) ?? undefined);
}

/** A message that came from the lab; 'bad-input' when it is neither an answer nor an event. */
export function parseLabMessage(text: string): Result<LabMessage> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const parsed = v.safeParse(labMessageSchema, json.value);
  // The envelope is checked; its contents are the lab's own types (see above).
  return parsed.success ? ok(parsed.output as LabMessage) : fail('bad-input', 'The message is not from a lab');
}
