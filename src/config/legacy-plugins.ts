import type { LegacyProperty } from './legacy-property.ts';
import type { Config } from './options.ts';
import type { Variables } from './variables.ts';

/** The Java classes of the original whose filters are there under the name of the class. */
const ACCESS_CLASSES = ['GnuRegexFilter', 'XPathFilter', 'Sql92Filter', 'ContentLenFilter'];
const PUBLISH_CLASSES = ['PublishLenChecker'];

/** What `Mime…Plugin` settings come to, and which of them mean something. */
export interface LegacyPlugins {
  readonly settings: Partial<Pick<Config, 'accessFilter' | 'publishFilter'>>;
  readonly known: readonly string[];
}

/**
 * `MimeAccessPlugin[NAME][1.0]=org.….XPathFilter,matchAgainstQos=true` is `--access-filter NAME=XPathFilter,matchAgainstQos=true`, and
 * `MimePublishPlugin[…][1.0]` is `--publish-filter`. Those of other classes mean nothing here.
 */
export function readLegacyPlugins(properties: Iterable<LegacyProperty>, variables: Variables): LegacyPlugins {
  const accessFilter: string[] = [];
  const publishFilter: string[] = [];
  const known: string[] = [];
  for (const { name, text, label } of properties) {
    const [, kind, type] = /^Mime(Access|Publish)Plugin\[([^\]=,]+)\]\[1\.0\]$/.exec(name) ?? [];
    if (kind === undefined) continue;
    const setting = withoutPackage(variables.replace(text, label).trim());
    const classes = kind === 'Access' ? ACCESS_CLASSES : PUBLISH_CLASSES;
    if (!classes.includes(setting.split(',')[0] ?? '')) continue;
    known.push(name);
    if (kind === 'Publish') publishFilter.push(setting);
    else if (setting !== type) accessFilter.push(`${type}=${setting}`); // that one is there already
  }
  return { settings: { ...(accessFilter[0] && { accessFilter }), ...(publishFilter[0] && { publishFilter }) }, known };
}

/** `org.xmlBlaster.engine.mime.regex.GnuRegexFilter,a=b` without what stands before the name of the class. */
function withoutPackage(text: string): string {
  return text.replace(/^[\w.]*\./, '').replace(/\s*,\s*/g, ',');
}
