/** Where in a picture the pointer is: a byte of the unit, and pixels within the view. */
export interface MapPoint {
  readonly byte: number;
  readonly clientX: number;
  readonly clientY: number;
}
