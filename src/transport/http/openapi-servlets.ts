import { errors, type Operation } from './openapi-parts.ts';

/** The protocols of the original's servlets, for clients of old (protocol/http-legacy.md): one address for all that each does. */
export const SERVLET_PATHS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/ajax': ajax('ajax'),
  '/xmlBlaster/ajax': ajax('ajaxWhereItWas'),
  '/AppletServlet': { post: applet('applet') },
  '/xmlBlaster/AppletServlet': { post: applet('appletWhereItWas') },
  '/BlasterHttpProxyServlet': pageProxy('pageProxy'),
  '/xmlBlaster/BlasterHttpProxyServlet': pageProxy('pageProxyWhereItWas'),
};

function ajax(operationId: string): { readonly get: Operation; readonly post: Operation } {
  return byFormOrGet({
    operationId,
    summary: "The protocol of the original's AjaxServlet, for its pages (protocol/http-legacy.md)",
    requestBody: { description: 'ActionType and what belongs to it', content: { 'application/x-www-form-urlencoded': {} } },
    responses: {
      200: {
        description: 'XML, also for what went wrong; `<void/>` for nothing; plainGet and request: a content',
        content: { 'text/xml': {}, '*/*': {} },
      },
      ...errors(403, 413, 415, 503),
    },
  });
}

function pageProxy(operationId: string): { readonly get: Operation; readonly post: Operation } {
  return byFormOrGet({
    operationId,
    summary: "The protocol of the original's BlasterHttpProxyServlet, for its pages (protocol/http-legacy.md)",
    requestBody: { description: 'ActionType and what belongs to it', content: { 'application/x-www-form-urlencoded': {} } },
    responses: {
      200: {
        description: 'login, connect: scripts that go on, one for each thing to tell; else a page, or nothing',
        content: { 'text/html': {}, 'multipart/x-mixed-replace': {} },
      },
      ...errors(400, 403, 413, 415, 503),
    },
  });
}

function applet(operationId: string): Operation {
  return {
    operationId,
    summary: "The protocol of the original's AppletServlet, for applets and J2ME (protocol/http-legacy.md)",
    requestBody: { description: 'Oid, key, QoS, each with a NUL behind it, and content', content: { '*/*': {} } },
    responses: {
      200: {
        description: 'A line of base64, also for what went wrong; connect: lines that go on, one for each thing to tell',
        content: { 'text/plain': {}, 'multipart/x-mixed-replace': {} },
      },
      ...errors(403, 413, 415, 503),
    },
  };
}

/** The same by GET, for pages of the broker itself. */
function byFormOrGet(post: Operation): { readonly get: Operation; readonly post: Operation } {
  const { requestBody: _, ...get } = post;
  return {
    get: { ...get, operationId: `${post.operationId}ByGet`, summary: `${post.summary}; for pages of the broker itself` },
    post,
  };
}
