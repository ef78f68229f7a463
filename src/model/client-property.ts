/**
 * A named value that a client hands along in a QoS. The broker keeps it as it came: `value` is the text of the element, still in
 * base64 when `encoding` says so.
 */
export interface ClientProperty {
  readonly name: string;
  readonly value: string;
  /** String (also when missing), boolean, byte, short, int, long, float, double or byte[]; others are kept as they are. */
  readonly type?: string;
  readonly encoding?: string;
  /** The charset of the bytes behind base64, when the client named one. */
  readonly charset?: string;
}
