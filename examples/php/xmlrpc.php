<?php
// XML-RPC in a few lines: what the other examples here call the broker with. Needs Debian's php-cli and php-xml.
// The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.

/** Calls a method; every parameter is sent as a string. Throws with what the broker says when something is wrong. */
function call(string $method, string ...$params): string|array
{
    $values = array_map(fn ($param) => '<param><value>' . escape($param) . '</value></param>', $params);
    $body = "<methodCall><methodName>$method</methodName><params>" . implode($values) . '</params></methodCall>';
    $http = ['method' => 'POST', 'header' => 'Content-Type: text/xml', 'content' => $body, 'ignore_errors' => true];
    $url = (getenv('XMLBLASTER') ?: 'http://localhost:3412') . '/RPC2';
    $text = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    $answer = simplexml_load_string((string) $text) or throw new Exception("$url does not answer");
    if ($answer->fault) {
        throw new Exception($answer->xpath('//member[name="faultString"]/value')[0]);
    }
    return decode($answer->params->param->value);
}

/** For texts, and for attributes in quotes of any kind. */
function escape(string $text): string
{
    return htmlspecialchars($text, ENT_XML1 | ENT_QUOTES);
}

/** What the broker answers is a string, bytes, or an array of such. */
function decode(SimpleXMLElement $value): string|array
{
    if ($value->array) {
        return array_map('decode', $value->xpath('array/data/value'));
    }
    return $value->base64 ? base64_decode($value->base64) : (string) $value;
}
