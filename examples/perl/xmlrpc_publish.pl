#!/usr/bin/env perl
# Publishes each line of its input as one message, over XML-RPC.
#
# Run: seq 3 | perl examples/perl/xmlrpc_publish.pl numbers
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412. Needs RPC::XML (Debian: librpc-xml-perl).
use strict;
use warnings;
use RPC::XML;
use RPC::XML::Client;

$RPC::XML::ENCODING              = 'UTF-8';
$RPC::XML::FORCE_STRING_ENCODING = 1;         # a content of 42 is a text, too
binmode $_, ':encoding(UTF-8)' for \*STDIN, \*STDOUT, \*STDERR;

my $broker = RPC::XML::Client->new( ( $ENV{XMLBLASTER} // 'http://localhost:3412' ) . '/RPC2' );

sub call {
    my $answer = $broker->send_request(@_);
    die "$answer\n" unless ref $answer;         # the broker is not there
    die $answer->string . "\n" if $answer->is_fault;
    return $answer->value;
}

my $oid = shift or die "Run: seq 3 | perl $0 numbers\n";
$oid =~ s/([&<'])/'&#' . ord($1) . ';'/ge;
my $key     = "<key oid='$oid' contentMime='text/plain'/>";
my $session = call( 'authenticate.login', 'publisher', 'secret', '<qos/>', '' );
while ( my $line = <STDIN> ) {
    chomp $line;
    call( 'xmlBlaster.publish', $session, $key, $line, '<qos/>' );
    print "published $line\n";
}
call( 'authenticate.logout', $session );
