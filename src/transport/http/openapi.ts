/** The description of the HTTP binding for programs; a test holds it against the routes. */
export function openApi(version: string): object {
  return { openapi: '3.1.0', info: { title: 'xmlBlaster broker', version }, paths: {} };
}
