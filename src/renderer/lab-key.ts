import { inject, type InjectionKey } from 'vue';
import type { LabConnection } from './transport/connection.ts';

/** Where the app provides the lab; stores take it from here, and nothing else calls it. */
export const LAB: InjectionKey<LabConnection> = Symbol('lab');

/** The lab of the running app; throws outside of one. */
export function useLab(): LabConnection {
  const lab = inject(LAB);
  if (lab === undefined) throw new Error('the lab was not provided');
  return lab;
}
