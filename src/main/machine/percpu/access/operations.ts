/** What the this_cpu operations do to a value. Pure; widths are the caller's to cut to. */
import { assertUnreachable } from '../../../../shared/result.ts';

/** this_cpu_read, this_cpu_write, this_cpu_add … */
export const THIS_CPU_OPERATIONS = ['read', 'write', 'add', 'add_return', 'and', 'or', 'xchg', 'cmpxchg'] as const;
export type ThisCpuOperation = (typeof THIS_CPU_OPERATIONS)[number];

/** Whether it both reads and writes memory. */
export function isReadModifyWrite(operation: ThisCpuOperation): boolean {
  return operation !== 'read' && operation !== 'write';
}

/** `stored` is undefined where memory stays as it is; `result` is what the caller gets, 0 from those that return nothing. */
export function modify(
  operation: ThisCpuOperation,
  { found, operand, expected }: { readonly found: bigint; readonly operand: bigint; readonly expected: bigint },
): { readonly stored: bigint | undefined; readonly result: bigint } {
  switch (operation) {
    case 'read':
      return { stored: undefined, result: found };
    case 'write':
      return { stored: operand, result: 0n };
    case 'add':
      return { stored: found + operand, result: 0n };
    case 'add_return':
      return { stored: found + operand, result: found + operand };
    case 'and':
      return { stored: found & operand, result: 0n };
    case 'or':
      return { stored: found | operand, result: 0n };
    case 'xchg':
      return { stored: operand, result: found };
    case 'cmpxchg':
      return { stored: found === expected ? operand : undefined, result: found };
    default:
      return assertUnreachable(operation);
  }
}
