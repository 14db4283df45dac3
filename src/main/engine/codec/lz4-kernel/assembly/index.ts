/** What the module offers; see encode.ts and decode.ts. It has no memory of its own: that of the machine is imported. */
export { decode } from './decode';
export { encode } from './encode';
