/** What the module offers; see copy.ts, decode.ts and encode.ts. It has no memory of its own: that of the machine is imported. */
export { copyWords } from './copy';
export { decode } from './decode';
export { encode } from './encode';
