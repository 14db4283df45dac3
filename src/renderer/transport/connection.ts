/** What a dashboard can know of its connection to the lab. */
import type { LabContract } from '../../shared/contract.ts';

/**
 * 'closed' is final: the lab was stopped, or the connection was given up on purpose. So is 'refused': a lab answers, but
 * it is another one than that which showed this page.
 */
export type ConnectionState = 'connected' | 'reconnecting' | 'refused' | 'closed';

/** The lab as reached over a carrier that may break. */
export interface LabConnection extends LabContract {
  readonly connectionState: () => ConnectionState;
  /**
   * Calls `listener` at every change. After 'reconnecting' → 'connected' events may have been missed: ask for
   * `currentRun` again. Returns the function that ends the subscription.
   */
  readonly onConnectionState: (listener: (state: ConnectionState) => void) => () => void;
  /** Gives the connection up; calls are then answered with 'unavailable'. */
  readonly disconnect: () => void;
}
