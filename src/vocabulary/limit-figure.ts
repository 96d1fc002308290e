/** What is known of one limit, under its name in `limits` of STATS. */

export interface LimitFigure {
  /** As configured. */
  readonly limit: number;
  /** How much of it is used now, and the most that ever was; only of limits on what is held. */
  readonly current?: number;
  readonly high?: number;
  /** How often someone had to wait, was refused or was disconnected because of it. */
  readonly reached: number;
}

/** By the limit's name, which is that of its setting. */
export type LimitFigures = Readonly<Record<string, LimitFigure>>;
