<?php
// Prints what has come for a session since the last time, and ends: for pages and cron jobs, which do not run all the time.
//
// Run: php examples/php/pull.php joe/1 numbers
//      The first argument is the session: what is published while this program does not run waits in its queue.

require __DIR__ . '/xmlrpc.php';

$oid = $argv[2] ?? exit("Run: php {$argv[0]} joe/1 numbers\n");
$name = $argv[1];
$callback = "<queue relating='callback'><callback type='XMLRPC' dispatcherActive='false'/></queue>";
$query = "<querySpec type='QueueQuery'>maxEntries=-1&amp;consumable=true&amp;waitingDelay=0</querySpec>";
try {
    $answer = call('authenticate.connect', "<qos><session name='" . escape($name) . "'/>$callback</qos>");
    preg_match("/sessionId='([^']+)'\/>/", $answer, $found);
    $session = $found[1];
    $once = '<qos><multiSubscribe>false</multiSubscribe><initialUpdate>false</initialUpdate></qos>';
    call('xmlBlaster.subscribe', $session, "<key oid='" . escape($oid) . "'/>", $once);
    $key = "<key oid='" . escape("__cmd:client/$name/?callbackQueueEntries") . "'/>";
    foreach (call('xmlBlaster.get', $session, $key, "<qos>$query</qos>", 'true') as [, $content]) {
        echo "$content\n";
    }
} catch (Exception $problem) {
    fwrite(STDERR, $problem->getMessage() . "\n");
    exit(1);
}
