/**
 * The names that the window's door has on both of its sides: the main process and the preload. No channel's name is
 * written anywhere else.
 */

/** The page asks: `invoke(CALL_CHANNEL, method, input)` answers with a `Result`. */
export const CALL_CHANNEL = 'percpu-lab:call';

/** The lab tells: one `RunEvent` per message. */
export const EVENT_CHANNEL = 'percpu-lab:event';

/** The property of `window` under which the preload puts the `LabContract`. */
export const LAB_GLOBAL = 'percpuLab';
