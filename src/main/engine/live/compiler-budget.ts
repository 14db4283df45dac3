/** How much of what a function calls V8 compiles into it. */
import { setFlagsFromString } from 'node:v8';

/**
 * A write passes some forty small functions of the machine; with V8's usual budget (920 bytes of bytecode) the last of them are
 * called one by one, page after page. A larger one is worth a twentieth of a microsecond a write and concerns this process
 * alone. Call it before the machine's code is hot; any thread.
 */
export function widenInliningBudget(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
}
