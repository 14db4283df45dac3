/** A lab that is reached without a wire in between: its carrier cannot break. */
import type { LabContract } from '../../shared/contract.ts';
import type { LabConnection } from './connection.ts';

/** `lab` as a connection that is always 'connected'. */
export function alwaysConnected(lab: LabContract): LabConnection {
  return {
    ...lab,
    connectionState: () => 'connected',
    onConnectionState: () => () => undefined,
    disconnect: () => undefined,
  };
}
