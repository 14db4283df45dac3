/**
 * From the lines of a log to the kernel's messages about the per-CPU area: prefixes off, wrapped lines rejoined.
 *
 *     > Jan  1 00:00:07 host kernel: [    0.000000] pcpu-alloc: s81088 r8192 d21312 u131072     a mail's wrapped line,
 *     > alloc=1*2097152                                                                         its rest below
 *       ─▶  pcpu-alloc: s81088 r8192 d21312 u131072 alloc=1*2097152
 *
 * Whatever stands before a message is passed over, so every kind of time stamp and quoting will do. What stands below one
 * belongs to it when it is made of nothing but words that these messages are made of.
 */

export type MessageKind = 'version' | 'cpu-counts' | 'cpu-ids' | 'announcement' | 'alloc' | 'fallback';

export interface LogMessage {
  readonly kind: MessageKind;
  readonly line: number;
  /** From the message's own first word on, single spaces. */
  readonly text: string;
}

/** What a message begins with. Kinds that are looked for first come first. */
const BEGINNINGS: readonly (readonly [MessageKind, RegExp])[] = [
  ['alloc', /(?<![\w-])pcpu-alloc:(?!\S)/],
  ['announcement', /(?<![\w-])(?:percpu|PERCPU): (?=\s*(?:Embedded|\d+ +\d+[Kk] +pages))/],
  ['fallback', /(?<![\w-])(?:percpu|PERCPU): (?=max_distance=)/],
  ['fallback', /(?<![\w-])(?:setup_percpu|PERCPU|percpu): (?=\S+ allocator failed)/],
  ['cpu-counts', /(?<![\w-])(?:setup_percpu: *)?(?=NR_CPUS:)/],
  ['cpu-ids', /(?<!\w)RCU restricting CPUs from (?=NR_CPUS=)/],
  ['cpu-ids', /(?<!\w)SLUB: (?=.*CPUs=\d)/],
  ['version', /(?<!\w)Linux version (?=\d)/],
];

/** Any of these must be in a line for it to be looked at: most lines of a log are others. */
const KEYWORDS = /percpu|PERCPU|pcpu|NR_CPUS|SLUB: |Linux version/;

/** Words that a wrapped message may go on with, and nothing else. */
const REST_OF_MESSAGE =
  /^(?:\[\d+\]|\d+|-+|[srdu]\d+|alloc=\d+\*\d+|pages\/cpu|@\S*|\(_*ptrval_*\)|\d+K|Embedded|pages|nr_\w+:\d+)$/;

/** What may stand before the rest of a wrapped message: quoting, a syslog or journal prefix, a level, time stamps. */
const PREFIX =
  /^(?:[>|\s]+|<\d+>|(?:\w{3} +\d+ [\d:]+|\d{4}-\d\d-\d\dT\S+) \S+ kernel: ?|kernel: |\[ *\d+\.\d+\](?:\[ *\w+\])? ?)*/;

const CONTINUED: ReadonlySet<MessageKind> = new Set(['alloc', 'announcement', 'cpu-counts']);

/** All messages of a text, in order. */
export function readLogMessages(text: string): readonly LogMessage[] {
  const messages: { kind: MessageKind; line: number; text: string }[] = [];
  /** The message that the line above ended, if it may go on. */
  let open: { kind: MessageKind; line: number; text: string } | undefined;
  for (const { line, content } of plainLines(text)) {
    const begun = beginMessage(content);
    if (begun !== undefined) {
      open = { ...begun, line };
      messages.push(open);
      if (!CONTINUED.has(begun.kind)) open = undefined;
    } else if (open !== undefined) {
      const rest = restOfMessage(content);
      if (rest === undefined) open = undefined;
      else open.text = `${open.text} ${rest}`.trim();
    }
  }
  return withoutEchoes(messages);
}

function beginMessage(content: string): { readonly kind: MessageKind; readonly text: string } | undefined {
  if (!KEYWORDS.test(content)) return undefined;
  for (const [kind, beginning] of BEGINNINGS) {
    const at = beginning.exec(content);
    // Quotes, tags and escapes are no part of these messages: what follows one belongs to what the log is wrapped in.
    if (at !== null) return { kind, text: tidy(content.slice(at.index).split(/["<\\]/, 1)[0] ?? '') };
  }
  return undefined;
}

function restOfMessage(content: string): string | undefined {
  const rest = tidy(content.replace(PREFIX, ''));
  return rest !== '' && rest.split(' ').every((word) => REST_OF_MESSAGE.test(word)) ? rest : undefined;
}

function tidy(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** A console that is captured twice shows each line twice; a kernel never says the same thing twice running. */
function withoutEchoes(messages: readonly LogMessage[]): readonly LogMessage[] {
  return messages.filter((message, index) => index === 0 || message.text !== messages[index - 1]?.text);
}

interface PlainLine {
  readonly line: number;
  readonly content: string;
}

/** Lines without colours and carriage returns; in quoted-printable mail decoded and with its soft line ends undone. */
function plainLines(text: string): readonly PlainLine[] {
  // Colour codes of `dmesg --color` and `journalctl`: ESC [ … m.
  const lines = text.replaceAll(/\u001b\[[\d;]*[A-Za-z]/g, '').split(/\r\n|\n|\r/);
  const plain = lines.map((content, index) => ({ line: index + 1, content }));
  return /alloc=3D\d/.test(text) ? decodeQuotedPrintable(plain) : plain;
}

function decodeQuotedPrintable(lines: readonly PlainLine[]): readonly PlainLine[] {
  const decoded: PlainLine[] = [];
  let open: PlainLine | undefined;
  for (const { line, content } of lines) {
    const whole: PlainLine = open === undefined ? { line, content } : { ...open, content: open.content + content };
    open = whole.content.endsWith('=') ? { ...whole, content: whole.content.slice(0, -1) } : undefined;
    if (open === undefined) decoded.push({ ...whole, content: decodeBytes(whole.content) });
  }
  return open === undefined ? decoded : [...decoded, open];
}

function decodeBytes(content: string): string {
  return content.replaceAll(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
