import { LOG_LEVELS } from '../base/log-level.ts';
import { ConfigError } from './config-error.ts';
import { type Config, flagOf, NAMES, OPTIONS } from './options.ts';

const LARGEST = Number.MAX_SAFE_INTEGER;
const MAX_PORT = 65_535;

/** What a frame may hold beside its content by default: key and QoS; bytes. */
const FRAME_MARGIN_BYTES = 1024 ** 2;

/**
 * Completes and checks settings; the result is frozen.
 *
 * @throws ConfigError
 */
export function createConfig(settings: Readonly<Record<string, unknown>>): Config {
  const config: Record<string, unknown> = {};
  for (const name of NAMES) config[name] = checkValue(name, settings[name]);
  const checked = config as unknown as Config;
  if (!LOG_LEVELS.includes(checked.logLevel)) throw new ConfigError(`--log-level must be one of ${LOG_LEVELS.join(', ')}`);
  if (checked.corsOrigin.some((origin) => !/^https?:\/\/[^/]+\/?$/i.test(origin))) {
    throw new ConfigError('--cors-origin must be an origin such as http://localhost:8000');
  }
  if (checked.passwordFile === '') checkExposure(checked);
  const nodeId = checked.nodeId || `xmlBlaster_${checked.host}_${checked.port}`.replace(/[^A-Za-z0-9]/g, '_');
  const maxFrameBytes = checked.maxFrameBytes || checked.maxContentBytes + FRAME_MARGIN_BYTES;
  return Object.freeze({ ...checked, nodeId, maxFrameBytes });
}

/**
 * Where nobody needs a password, nobody but this machine may connect, unless somebody decided otherwise.
 *
 * @throws ConfigError
 */
export function checkExposure({ host, allowAnonymous }: Config): void {
  if (allowAnonymous || host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host)) return;
  throw new ConfigError(
    `Listening on ${host} would open the broker to everybody who reaches this machine, without a password. ` +
      'Name a file with passwords (--password-file FILE). ' +
      'Or, if it is meant, say --allow-anonymous and --allowed-host NAME for the name that clients use ' +
      '(in a container: -e XMLBLASTER_ALLOW_ANONYMOUS=1 -e XMLBLASTER_ALLOWED_HOST=NAME)',
  );
}

/**
 * The value of one option, from text or as it is; without one its default.
 *
 * @throws ConfigError with a sentence that begins with `label`
 */
export function checkValue(name: keyof Config, value: unknown, label = `--${flagOf(name)}`): unknown {
  const { kind, fallback, min = 1 } = OPTIONS[name];
  if (value === undefined) return fallback;
  if (kind === 'integer') return checkInteger(label, value, min, LARGEST);
  if (kind === 'port') return checkInteger(label, value, 0, MAX_PORT);
  if (kind === 'port or off') return value === 'off' ? value : checkInteger(label, value, 0, MAX_PORT, ', or off');
  if (kind === 'flag') return checkFlag(label, value);
  if (kind === 'list') return checkList(label, value);
  if (typeof value === 'string') return value;
  throw new ConfigError(`${label} must be a text`);
}

function checkInteger(label: string, value: unknown, min: number, max: number, otherwise = ''): number {
  const number = typeof value === 'string' && /^-?[0-9]+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max) return number;
  throw new ConfigError(`${label} must be a whole number from ${min} to ${max}${otherwise}, not "${String(value)}"`);
}

function checkFlag(label: string, value: unknown): boolean {
  if (value === true || value === 'true' || value === '1') return true;
  if (value === false || value === 'false' || value === '0') return false;
  throw new ConfigError(`${label} is either given or not; in the environment it is 1 or 0`);
}

function checkList(label: string, value: unknown): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '')) return list;
  throw new ConfigError(`${label} must be a list of texts`);
}
