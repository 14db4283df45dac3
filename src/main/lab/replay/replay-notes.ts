/** What a report says beside its figures, in sentences. */
import type { DoubledLines } from './doubled-lines.ts';
import type { ReplayRequest } from './open-recording.ts';
import type { ReplaySession } from './replay-session.ts';
import type { TimeOrder } from './time-order.ts';

interface NotedReplay {
  readonly otherMachine: ReplayRequest['otherMachine'];
  readonly order: TimeOrder;
  readonly doubled: DoubledLines;
  readonly session: ReplaySession;
}

/** The sentences, of a replay at its end. */
export function replayNotes({ otherMachine, order, doubled, session }: NotedReplay): readonly string[] {
  return [...accessNote(otherMachine), ...displacedNote(order), ...doubledNote(doubled), ...sidelinedNotes(session)];
}

function accessNote(otherMachine: ReplayRequest['otherMachine']): readonly string[] {
  if (otherMachine?.accessMode === undefined) return [];
  return [
    'a trace tells of allocations, not of accesses: access modes differ here in page tables and address space, not in time',
  ];
}

function doubledNote({ count, firstLine }: DoubledLines): readonly string[] {
  if (count === 0) return [];
  const stand = count === 1 ? '1 line stands' : `${count} lines stand`;
  return [`${stand} twice, one below the other, first line ${firstLine}: taken once`];
}

function displacedNote({ displaced: { count, firstLine } }: TimeOrder): readonly string[] {
  if (count === 0) return [];
  return [
    `${count} lines stand behind lines of a later time, the first is line ${firstLine}; they are taken in the order of time`,
  ];
}

function sidelinedNotes(session: ReplaySession): readonly string[] {
  return session.sidelinedAtStart().map((base) => `the chunk at ${base} is taken as sidelined when the trace began`);
}
