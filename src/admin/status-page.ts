/** The page of `/status.html`: what the broker says about itself, filled in by `fillTemplate`. */
export const STATUS_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="12">
<title>\${?nodeId} – xmlBlaster</title>
<style>
  :root { --text: #1d2327; --back: #fff; --quiet: #5b6670; --line: #d9dee2 }
  @media (prefers-color-scheme: dark) { :root { --text: #dfe3e6; --back: #16191c; --quiet: #9aa5ae; --line: #353c43 } }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back) }
  main { max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem }
  h1 { font-size: 1.6rem }
  table { border-collapse: collapse; width: 100% }
  th, td { padding: .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere }
  th { width: 11rem; font-weight: normal; color: var(--quiet) }
  p { color: var(--quiet); font-size: .9rem }
</style>
<main>
<h1>xmlBlaster broker \${?nodeId}</h1>
<table>
<tr><th>Version<td>\${?version}
<tr><th>Running since<td>\${?startupDate} UTC (\${?uptime} s)
<tr><th>Users<td>\${?numClients}
<tr><th>Topics<td>\${?numTopics}
<tr><th>Subscriptions<td>\${?numSubscriptions}
<tr><th>Published<td>\${?numPublish}
<tr><th>Delivered<td>\${?numUpdate}
<tr><th>Dead messages<td>\${?numDeadMessages}
<tr><th>Memory in use<td>\${?usedMemStr} of \${?maxMemStr}
<tr><th>Log level<td>\${logging/?level}
<tr><th>Last warning<td>\${?lastWarning}
<tr><th>Last error<td>\${?lastError}
</table>
<p>\${?serverTimestamp} UTC; this page loads itself again every 12 s.</p>
</main>
</html>
`;
