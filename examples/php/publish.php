<?php
// Publishes each line of its input as one message, over XML-RPC.
//
// Run: seq 3 | php examples/php/publish.php numbers

require __DIR__ . '/xmlrpc.php';

$oid = $argv[1] ?? exit("Run: seq 3 | php {$argv[0]} numbers\n");
try {
    $session = call('authenticate.login', 'publisher', 'secret', '<qos/>', '');
    $key = "<key oid='" . escape($oid) . "' contentMime='text/plain'/>";
    while (($line = fgets(STDIN)) !== false) {
        $content = rtrim($line, "\n");
        call('xmlBlaster.publish', $session, $key, $content, '<qos/>');
        echo "published $content\n";
    }
    call('authenticate.logout', $session);
} catch (Exception $problem) {
    fwrite(STDERR, $problem->getMessage() . "\n");
    exit(1);
}
