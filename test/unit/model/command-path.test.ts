import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPlace, joinCommandPath, type Place, parseCommandPath } from '../../../src/model/command-path.ts';
import { BrokerError } from '../../../src/model/error.ts';
import { refusalOf } from '../codec/broker-error.ts';

const parse = (text: string) => parseCommandPath(text, 'heron');

describe('the path of a command', () => {
  test.each([
    ['?nodeId', { kind: 'node' }, ['nodeId']],
    ['/node/heron/?nodeId', { kind: 'node' }, ['nodeId']],
    ['/node/heron?nodeId', { kind: 'node' }, ['nodeId']],
    ['node/heron/?nodeId', { kind: 'node' }, ['nodeId']],
    ['?nodeId, version, uptime,freeMem', { kind: 'node' }, ['nodeId', 'version', 'uptime', 'freeMem']],
    ['', { kind: 'node' }, []],
    ['client/joe/?numSessions', { kind: 'subject', subject: 'joe' }, ['numSessions']],
    ['client/joe', { kind: 'subject', subject: 'joe' }, []],
    ['client/joe?numSessions', { kind: 'subject', subject: 'joe' }, ['numSessions']],
    ['client/j?e/?numSessions', { kind: 'subject', subject: 'j?e' }, ['numSessions']],
    ['client/joe/1/?uptime', { kind: 'session', subject: 'joe', pubSessionId: 1 }, ['uptime']],
    ['client/joe/-3/?uptime', { kind: 'session', subject: 'joe', pubSessionId: -3 }, ['uptime']],
    ['client/joe/session/1/?uptime', { kind: 'session', subject: 'joe', pubSessionId: 1 }, ['uptime']],
    ['/node/heron/client/joe/session/1/?uptime', { kind: 'session', subject: 'joe', pubSessionId: 1 }, ['uptime']],
    ['client//joe//session//1//?uptime', { kind: 'session', subject: 'joe', pubSessionId: 1 }, ['uptime']],
    ['topic/hello/?stateStr', { kind: 'topic', oid: 'hello' }, ['stateStr']],
    ['topic/a/b//c/?stateStr', { kind: 'topic', oid: 'a/b//c' }, ['stateStr']],
    ['topic/what?/?stateStr', { kind: 'topic', oid: 'what?' }, ['stateStr']],
    ['topic/?x/?stateStr', { kind: 'topic', oid: '?x' }, ['stateStr']],
    ['topic/a=b/?stateStr', { kind: 'topic', oid: 'a=b' }, ['stateStr']],
    ['subscription/__subId:1/?topicId', { kind: 'subscription', id: '__subId:1' }, ['topicId']],
    ['subscription/__subId:client/joe/session/1-x/?id', { kind: 'subscription', id: '__subId:client/joe/session/1-x' }, ['id']],
    ['sysprop/?xmlBlaster/monitor/statusRefresh', { kind: 'sysprop' }, ['xmlBlaster/monitor/statusRefresh']],
    ['logging/?org.xmlBlaster', { kind: 'logging' }, ['org.xmlBlaster']],
  ])('%s', (text, place, names) => {
    expect(parse(text)).toEqual({ place, names, argument: undefined });
  });

  test.each([
    ['?exit=0', 'exit', '0'],
    ['client/joe/1/?dispatcherActive=one,two,three', 'dispatcherActive', 'one,two,three'],
    ['client/joe/1/?subscribe=xpath://a[b=1]/?c', 'subscribe', 'xpath://a[b=1]/?c'],
    ['?exit=', 'exit', ''],
  ])('%s has an argument', (text, name, argument) => {
    expect(parse(text)).toMatchObject({ names: [name], argument });
  });

  test.each([
    ['/', 'begins with a slash'],
    ['/////', 'begins with a slash'],
    ['/client/joe/?uptime', 'begins with a slash'],
    ['/strangeNode/heron/?nodeId', 'begins with a slash'],
    ['/node/', 'is another broker'],
    ['/node/avalon/?nodeId', 'is another broker'],
    ['client/?numSessions', 'A name is missing'],
    ['topic/?Hello', 'A name is missing'],
    ['subscription', 'A name is missing'],
    ['client/joe/session/?uptime', 'not the number of a session'],
    ['client/joe/0/?uptime', 'not the number of a session'],
    ['client/joe/one/?uptime', 'not the number of a session'],
    ['client/joe/1/2/?uptime', 'stands where a ? must'],
    ['sysprop/java/?home', 'stands where a ? must'],
    ['queue/?x', 'is not part of the broker'],
    ['__proto__/?x', 'is not part of the broker'],
    [`?${'a,'.repeat(101)}b`, 'At most 100'],
    [`topic/${'a'.repeat(17_000)}/?x`, 'at most 16384'],
  ])('%s is refused', (text, sentence) => {
    expect(refusalOf(() => parse(text))).toMatchObject({
      code: 'user.illegalArgument',
      message: expect.stringContaining(sentence),
    });
  });

  test('reads back what it writes', () => {
    const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !/[/?]/.test(text));
    const oid = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !/^\/|\/$|(^|\/)\?.*=/s.test(text));
    const places: fc.Arbitrary<Place> = fc.oneof(
      fc.constant<Place>({ kind: 'node' }),
      name.map((subject): Place => ({ kind: 'subject', subject })),
      fc
        .tuple(
          name,
          fc.integer().filter((id) => id !== 0),
        )
        .map(([subject, pubSessionId]): Place => ({ kind: 'session', subject, pubSessionId })),
      oid.map((text): Place => ({ kind: 'topic', oid: text })),
      oid.map((id): Place => ({ kind: 'subscription', id })),
      fc.constant<Place>({ kind: 'logging' }),
    );
    fc.assert(
      fc.property(places, fc.option(fc.string(), { nil: undefined }), (place, argument) => {
        const text = `${formatPlace(place, 'heron')}?uptime${argument === undefined ? '' : `=${argument}`}`;
        expect(parse(text)).toEqual({ place, names: ['uptime'], argument });
        expect(parse(text.replace(/^\/node\/heron\//, ''))).toEqual({ place, names: ['uptime'], argument });
      }),
    );
  });

  test('of any characters is read or refused with a sentence, quickly', () => {
    const parts = [
      '/',
      '?',
      '=',
      ',',
      'node',
      'heron',
      'client',
      'session',
      'topic',
      'subscription',
      'sysprop',
      '-1',
      '__proto__',
      '\0',
      '€',
      '\ud800',
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 60 });
    const read = (place: string, command: string | undefined): void => {
      try {
        const { names } = command === undefined ? parse(place) : joinCommandPath(place, command, 'heron');
        expect(names.length).toBeLessThanOrEqual(100);
      } catch (error) {
        expect(error).toBeInstanceOf(BrokerError);
        expect((error as BrokerError).message.length).toBeLessThan(300);
      }
    };
    fc.assert(
      fc.property(text, text, (place, command) => {
        read(place.join(''), undefined);
        read(place.join(''), command.join(''));
      }),
      { numRuns: 2_000 },
    );
    const start = performance.now();
    for (const hostile of ['/', '?', '/?', 'topic/', ' ,', 'node/', '='])
      read(hostile.repeat(16_000 / hostile.length), undefined);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
