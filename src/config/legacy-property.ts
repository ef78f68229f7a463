/** A setting by its name in the original, as it was written. */
export interface LegacyProperty {
  readonly name: string;
  /** With its variables. */
  readonly text: string;
  /** How a sentence about it begins: its name, and where it stands. */
  readonly label: string;
}
