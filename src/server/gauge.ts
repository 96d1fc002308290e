/** Something that is held: how much now, and the most that ever was. */
export class Gauge {
  current = 0;
  high = 0;

  /** @param amount negative: given back */
  add(amount: number): void {
    this.current += amount;
    if (this.current > this.high) this.high = this.current;
  }
}
