/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly result: string;
  readonly target?: Target;
}

export interface Target {
  /** As people read it: `≥ 0.5`. */
  readonly text: string;
  readonly isMet: boolean;
}

export interface Outcome {
  readonly rows: readonly Row[];
  /** The raw numbers, for the JSON file. */
  readonly numbers: unknown;
}

/** What a person may ask for beside the names of measurements. */
export interface BenchOptions {
  /** `host:port` of a server that runs already, to measure beside this broker. */
  readonly target: string | undefined;
  /** Measure other brokers too, those that are installed. */
  readonly peers: boolean;
}

/** Starts what it needs, measures and cleans up. `say` tells a person who waits what goes on. */
export type Measurement = (say: (progress: string) => void, options: BenchOptions) => Promise<Outcome>;

export function atLeast(value: number, bound: number): Target {
  return { text: `≥ ${bound}`, isMet: value >= bound };
}

export function atMost(value: number, bound: number, unit: string): Target {
  return { text: `≤ ${bound} ${unit}`, isMet: value <= bound };
}
