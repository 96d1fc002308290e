/** The segments of the log, as the picture shows them. */

export interface SegmentFigures {
  readonly id: number;
  readonly bytes: number;
  readonly liveBytes: number;
  /** Records are appended to it. */
  readonly isActive: boolean;
  /** A merge made it. */
  readonly isMerged: boolean;
  /** A merge is reading it. */
  readonly isMerging: boolean;
}

/** Neighbours that share a column, where there are more segments than columns. */
export interface Column extends Omit<SegmentFigures, 'id'> {
  readonly firstId: number;
  readonly lastId: number;
}

/** In the order of the log, oldest first; a column stands for as many segments as are needed. */
export function columnsOf(segments: readonly SegmentFigures[], columnsMax: number): Column[] {
  const inOrder = segments.toSorted((a, b) => a.id - b.id);
  const perColumn = Math.max(1, Math.ceil(inOrder.length / columnsMax));
  const columns: Column[] = [];
  for (let from = 0; from < inOrder.length; from += perColumn) {
    columns.push(columnOf(inOrder.slice(from, from + perColumn)));
  }
  return columns;
}

function columnOf(segments: readonly SegmentFigures[]): Column {
  const sum = (figure: (segment: SegmentFigures) => number): number =>
    segments.reduce((total, segment) => total + figure(segment), 0);
  return {
    firstId: segments[0]?.id ?? 0,
    lastId: segments.at(-1)?.id ?? 0,
    bytes: sum(({ bytes }) => bytes),
    liveBytes: sum(({ liveBytes }) => liveBytes),
    isActive: segments.some(({ isActive }) => isActive),
    isMerged: segments.every(({ isMerged }) => isMerged),
    isMerging: segments.some(({ isMerging }) => isMerging),
  };
}
