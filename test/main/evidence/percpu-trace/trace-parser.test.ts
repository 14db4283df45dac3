import fc from 'fast-check';
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

describe('a text of another tool', () => {
  it('perf script has the system before the event’s name, and blanks before both', () => {
    const { events, summary } = parse(
      [
        '       perf-exec  8019 [001] 25664.490652:      percpu:percpu_alloc_percpu: call_site=mm_init+0x2bf reserved=0 is_atomic=0 size=16 align=8 base_addr=0xffffe8ffff600000 off=640 ptr=0x60795b4f9280 bytes_alloc=64 gfp_flags=GFP_KERNEL',
        '       perf-exec  8019 [001] 25664.490660:               sched:sched_switch: prev_comm=perf',
        '       perf-exec  8019 [001] 25664.491121:       percpu:percpu_free_percpu: base_addr=0xffffe8ffff600000 off=304 ptr=0x60795b4f9130',
      ].join('\n'),
    );
    const origin = { cpu: 1, task: 'perf-exec  8019', base: '0xffffe8ffff600000' };
    expect(events).toMatchObject([
      { kind: 'alloc', timeUs: 25664490652, ...origin, callSite: 'mm_init+0x2bf', sizeBytes: 16, offsetBytes: 640 },
      { kind: 'free', timeUs: 25664491121, ...origin, offsetBytes: 304 },
    ]);
    expect(summary).toMatchObject({ otherEvents: 1, malformedCount: 0 });
  });

  it('trace-cmd report has blanks behind the event’s name, lines of its own before, and its own mark of lost events', () => {
    const { events, summary } = parse(
      [
        'version = 6',
        'cpus=2',
        'CPU 1 is empty',
        '            bash-5940  [000]   743.060891: percpu_free_percpu:   base_addr=00000000682ba6ef off=46192 ptr=1',
        'CPU:0 [17 EVENTS DROPPED]',
        '            bash-5940  [000]   743.060893: percpu_create_chunk:  base_addr=00000000682ba6ef',
      ].join('\n'),
    );
    expect(events).toMatchObject([
      { kind: 'free', line: 4, base: '00000000682ba6ef', offsetBytes: 46192 },
      { kind: 'lost', line: 5, cpu: 0, count: 17 },
      { kind: 'create', line: 6, base: '00000000682ba6ef' },
    ]);
    expect(summary).toMatchObject({ onlineCpus: 2, malformedCount: 0 });
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
      cutShort: undefined,
      entriesRead: 7,
      header: { line: 2, entries: 3 },
      allocatedPerByte: 4,
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

describe('a line that is cut', () => {
  const reasons = (text: string): unknown =>
    parse(text).summary.malformed.map(({ line, reason }) => `${line}: ${reason}`);

  it('anywhere gives its own event or none', () => {
    const whole = HEAD + ALLOC;
    const [event] = parse(whole).events;
    for (let length = 1; length < whole.length; length++) {
      const { events, summary } = parse(`${whole.slice(0, length)}\n${HEAD}${FREE}\n`);
      expect(events.at(-1)).toMatchObject({ kind: 'free', line: 2 });
      if (events.length === 2) expect(events[0]).toEqual(event);
      else if (whole.slice(0, length).trim() !== '') expect(summary.malformedCount + summary.otherEvents).toBe(1);
    }
  });

  it('with the next one behind it on the same line gives no mixture of both', () => {
    const first = HEAD + ALLOC;
    const second = HEAD + FREE.replace('46192', '52');
    // What stands before the event may be glued together; it is not what a replay goes by.
    const withoutTask = (event: TraceEvent | undefined): unknown => ({ ...event, task: '' });
    const wanted = [parse(first).events[0], parse(second).events[0]].map(withoutTask);
    for (let length = HEAD.length; length < first.length; length++) {
      for (const event of parse(first.slice(0, length) + second).events)
        expect(wanted).toContainEqual(withoutTask(event));
    }
  });

  it('by the end of the text within an address is told from a whole one', () => {
    const created = `${HEAD}percpu_create_chunk: base_addr=00000000cf3d60bb`;
    expect(parse(`${HEAD}${FREE}\n${created}`).events).toHaveLength(2);
    expect(reasons(`${created}\n${created.slice(0, -3)}`)).toEqual(['2: the text ends within base_addr']);
  });
});

describe('a number', () => {
  it.each([
    ['off=46193', 'off=46193 is no offset of an object'],
    ['off=99999999999', 'off=99999999999 is no offset of an object'],
    ['size=0', 'size=0 is no size of an object'],
    ['size=1000000', 'size=1000000 is no size of an object'],
    ['align=24', 'align=24 is no alignment'],
    ['align=0', 'align=0 is no alignment'],
  ])('like %s is none of the allocator’s', (field, reason) => {
    const [key = ''] = field.split('=');
    const line = HEAD + ALLOC.replace(new RegExp(`${key}=\\d+`), field);
    expect(parse(line)).toMatchObject({ events: [], summary: { malformed: [{ line: 1, reason }] } });
  });

  it('of a CPU that no machine has makes the line none', () => {
    expect(parse(HEAD.replace('[001]', '[99999999]') + FREE).events).toEqual([]);
  });
});

describe('any bytes', () => {
  it('are read without harm, in pieces of any size alike', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        HEAD + ALLOC,
        HEAD + FREE,
        HEAD + OLD_ALLOC,
        '\n',
        '\r\n',
        ': percpu_',
        '=',
        ' ',
        'off=',
        'CPU:0 [LOST',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 60 }), (pieces, pieceBytes) => {
        const text = pieces.join('');
        const whole = parse(text);
        expect(parse(text, pieceBytes)).toEqual(whole);
        for (const event of whole.events) {
          if (event.kind !== 'alloc') continue;
          expect(event.offsetBytes % 4).toBe(0);
          expect(Number.isInteger(Math.log2(event.alignBytes))).toBe(true);
        }
        expect(whole.events.length + whole.summary.malformedCount + whole.summary.otherEvents).toBeLessThanOrEqual(
          whole.summary.lines,
        );
      }),
    );
  });

  it('without any line feed are taken to pieces', () => {
    const { summary } = parse('x'.repeat(3_000_000), 65_536);
    expect(summary.lines).toBeGreaterThan(1);
    expect(summary.malformedCount).toBe(summary.lines);
  });
});
