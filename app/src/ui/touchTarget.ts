/** The least height and width of anything that is tapped, in density-independent pixels. */
export const TOUCH_TARGET = 48;
