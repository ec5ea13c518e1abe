/** For a text of a list that is shown whole, however large the letters are. */
export const ALL_LINES = 0;
