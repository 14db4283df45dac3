import { describe, expect, it } from 'vitest';
import type { TraceEvent, TraceSummary } from '../../../../src/main/evidence/percpu-trace/trace-event.ts';
import { TraceParser } from '../../../../src/main/evidence/percpu-trace/trace-parser.ts';

function parse(text: string, pieceBytes = text.length): { events: TraceEvent[]; summary: TraceSummary } {
  const events: TraceEvent[] = [];
  const parser = new TraceParser((event) => events.push(event));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) parser.push(bytes.subarray(at, at + pieceBytes));
  return { events, summary: parser.end() };
}

const HEAD = '            bash-5940    [001] d..1.   743.060891: ';
const ALLOC =
  'percpu_alloc_percpu: call_site=mm_init+0x2bf/0x4d0 reserved=0 is_atomic=1 size=16 align=8 base_addr=00000000682ba6ef off=46192 ptr=0000000012d4493a bytes_alloc=64 gfp_flags=GFP_KERNEL|__GFP_ZERO';
const OLD_ALLOC =
  'percpu_alloc_percpu: reserved=1 is_atomic=0 size=16 align=8 base_addr=00000000682ba6ef off=46192 ptr=0000000012d4493a';
const FREE = 'percpu_free_percpu: base_addr=00000000682ba6ef off=46192 ptr=0000000012d4493a';

describe('a line', () => {
  it('of an allocation is read with task, CPU and time', () => {
    expect(parse(HEAD + ALLOC).events).toEqual([
      {
        kind: 'alloc',
        line: 1,
        timeUs: 743060891,
        cpu: 1,
        task: 'bash-5940',
        inInterrupt: false,
        callSite: 'mm_init+0x2bf/0x4d0',
        isReserved: false,
        isAtomic: true,
        sizeBytes: 16,
        alignBytes: 8,
        base: '00000000682ba6ef',
        offsetBytes: 46192,
      },
    ]);
  });

  it('of the older format has no call site', () => {
    expect(parse(HEAD + OLD_ALLOC).events[0]).toMatchObject({ callSite: undefined, isReserved: true, sizeBytes: 16 });
  });

  it('may name a module in its call site', () => {
    const line = HEAD + ALLOC.replace('0x4d0', '0x4d0 [xfs]');
    expect(parse(line).events[0]).toMatchObject({ callSite: 'mm_init+0x2bf/0x4d0 [xfs]', sizeBytes: 16 });
  });

  it.each([
    ['a free', FREE, { kind: 'free', base: '00000000682ba6ef', offsetBytes: 46192 }],
    ['a new chunk', 'percpu_create_chunk: base_addr=00000000cf3d60bb', { kind: 'create', base: '00000000cf3d60bb' }],
    ['a chunk gone', 'percpu_destroy_chunk: base_addr=00000000cf3d60bb', { kind: 'destroy', base: '00000000cf3d60bb' }],
    [
      'a failure',
      'percpu_alloc_percpu_fail: reserved=0 is_atomic=1 size=64 align=8',
      { kind: 'fail', isAtomic: true, sizeBytes: 64, alignBytes: 8 },
    ],
  ])('of %s is read', (_name, text, fields) => {
    expect(parse(HEAD + text).events).toMatchObject([fields]);
  });

  it.each([
    ['a thread group', '  bash-5940 (   5940) [001] d..1.   743.060891: '],
    ['no flags', '  bash-5940 [001]   743.060891: '],
    ['a task name with blanks, colons and brackets', '  my [0] task: x-5940 [001] d..1. 743.060891: '],
  ])('may have %s', (_name, head) => {
    expect(parse(head + FREE).events).toMatchObject([{ kind: 'free', cpu: 1, timeUs: 743060891 }]);
  });

  it('says that it was printed from an interrupt', () => {
    const flags = (text: string): unknown => parse(HEAD.replace('d..1.', text) + FREE).events[0];
    expect(flags('dNs2.')).toMatchObject({ inInterrupt: true });
    expect(flags('d.h1.')).toMatchObject({ inInterrupt: true });
    expect(flags('d..2.')).toMatchObject({ inInterrupt: false });
  });
});

describe('a text', () => {
  const text = [
    '# tracer: nop',
    '# entries-in-buffer/entries-written: 3/10   #P:2',
    HEAD + ALLOC,
    'CPU:1 [LOST 123 EVENTS]',
    'CPU:0 [LOST EVENTS]',
    '  bash-5940 [001] d..1. 743.060892: sched_switch: prev_comm=bash',
    'rubbish',
    HEAD + ALLOC.replace('size=16', 'size=x'),
    `${HEAD}percpu_free_percpu: base_addr=00000000682ba6ef`,
    `${HEAD}percpu_whatever: x=1`,
    HEAD + FREE,
  ].join('\n');

  it('has lost events, other events and malformed lines, none of which stops the rest', () => {
    const { events, summary } = parse(text);
    expect(events.map(({ kind, line }) => [kind, line])).toEqual([
      ['alloc', 3],
      ['lost', 4],
      ['lost', 5],
      ['free', 11],
    ]);
    expect(events.slice(1, 3)).toMatchObject([
      { cpu: 1, count: 123 },
      { cpu: 0, count: undefined },
    ]);
    expect(summary).toEqual({
      lines: 11,
      otherEvents: 1,
      malformedCount: 4,
      malformed: [
        { line: 7, reason: 'no trace event' },
        { line: 8, reason: 'size is missing or no number' },
        { line: 9, reason: 'off is missing or no number' },
        { line: 10, reason: 'percpu_whatever is no event that is known' },
      ],
      onlineCpus: 2,
      overwrittenEvents: 7,
    });
  });

  it('is read the same in pieces of any size, and with carriage returns', () => {
    const whole = parse(text);
    for (const pieceBytes of [1, 7, 100]) expect(parse(text, pieceBytes)).toEqual(whole);
    expect(parse(text.replaceAll('\n', '\r\n')).events).toEqual(whole.events);
  });
});
