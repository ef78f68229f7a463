#!/usr/bin/env perl
# Prints every message of a topic: the broker calls this program.
#
# Run: perl examples/perl/xmlrpc_push.pl numbers
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412. Ends with Ctrl+C.
# Needs RPC::XML (Debian: librpc-xml-perl).
use strict;
use warnings;
use Encode 'decode';
use RPC::XML;
use RPC::XML::Client;
use RPC::XML::Server;

$RPC::XML::ENCODING              = 'UTF-8';
$RPC::XML::FORCE_STRING_ENCODING = 1;
binmode $_, ':encoding(UTF-8)' for \*STDOUT, \*STDERR;
$| = 1;

my $broker = RPC::XML::Client->new( ( $ENV{XMLBLASTER} // 'http://localhost:3412' ) . '/RPC2' );

sub call {
    my $answer = $broker->send_request(@_);
    die "$answer\n" unless ref $answer;         # the broker is not there
    die $answer->string . "\n" if $answer->is_fault;
    return $answer->value;
}

sub update {
    my ( $session_id, $key, $content, $qos ) = @_;
    print decode( 'UTF-8', $content ), "\n";
    return "<qos><state id='OK'/></qos>";
}

my $oid = shift or die "Run: perl $0 numbers\n";
$oid =~ s/([&<'])/'&#' . ord($1) . ';'/ge;
my $server = RPC::XML::Server->new( host => '127.0.0.1', port => 0 );
die "$server\n" unless ref $server;
$server->add_procedure( { name => 'update', signature => ['string string string base64 string'], code => \&update } );
$server->add_procedure( { name => 'ping', signature => ['string string'], code => sub { '' } } );

my $url      = 'http://127.0.0.1:' . $server->port . '/RPC2';
my $callback = "<queue relating='callback'><callback type='XMLRPC' retries='-1' delay='5000'>$url</callback></queue>";
my $session  = call( 'authenticate.login', 'listener', 'secret', "<qos>$callback</qos>", '' );
call( 'xmlBlaster.subscribe', $session, "<key oid='$oid'/>", '<qos/>' );
print "subscribed\n";
$server->server_loop;                           # until Ctrl+C
call( 'authenticate.logout', $session );
