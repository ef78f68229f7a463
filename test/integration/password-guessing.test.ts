import { describe, expect, test } from 'vitest';
import { exceptionOf } from '../helpers/answers.ts';
import { startBroker, type TestBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { basic, logIn, passwordFile, SECRET } from '../helpers/passwords.ts';
import { codeOf, SocketClient } from '../helpers/socket.ts';
import { untilStatistics } from '../helpers/statistics.ts';

const DENIED = 'user.security.authentication.accessDenied';

/** bcrypt with cost 10: some tenth of a second. */
const SLOW = '$2y$10$xJZgEjhOIfRg6Cyvz7jRtuaQrnJy3ySfLfO2rlONrJ39WOtJoptqK';

/** A broker with users 0, 1, … whose password is `secret`. */
const startWithUsers = (count: number, hash: string): Promise<TestBroker> =>
  startBroker({ passwordFile: passwordFile(Array.from({ length: count }, (_, i) => `user${i}:${hash}`).join('\n')).path });

const statusOf = async (broker: TestBroker, user: string, password = 'secret') =>
  (await broker.get('/topics', basic(user, password))).status;

async function msOf(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

describe('a wrong password', () => {
  test('is answered late, later each time, over HTTP and SOCKET; other users do not wait for that', async () => {
    const broker = await startWithUsers(2, SECRET);
    expect(await msOf(statusOf(broker, 'user0', 'guess 1'))).toBeGreaterThan(240);
    const client = await SocketClient.open(broker.port);
    expect(await msOf(logIn(client, 'user0', 'guess 2'))).toBeGreaterThan(490);
    const answers: string[] = [];
    const guess = statusOf(broker, 'user0', 'guess 3').then((status) => answers.push(`guess ${status}`));
    await statusOf(broker, 'user1').then((status) => answers.push(`other ${status}`));
    await guess;
    expect(answers).toEqual(['other 200', 'guess 401']);
  });

  test('of many at once from one address: most are not even looked at, and those who are known get in', async () => {
    const broker = await startWithUsers(100, SECRET);
    expect(await statusOf(broker, 'user99')).toBe(200);
    const client = await SocketClient.open(broker.port);
    const guesses = Array.from({ length: 60 }, (_, i) => broker.get('/topics', basic(`user${i}`, 'guess')));
    const answers = await Promise.race([Promise.all(guesses), statusOf(broker, 'user99').then((status) => status)]);
    expect(answers, 'a known one is not behind them').toBe(200);
    const sentences = (await Promise.all(guesses)).map(({ body }) => exceptionOf(body));
    expect(new Set(sentences.map(({ code }) => code))).toEqual(new Set([DENIED]));
    const looked = sentences.filter(({ message }) => message === 'The user or the password is wrong');
    expect([16, 17]).toContain(looked.length); // one may be looked at while the sixteenth failure is counted
    expect(sentences.filter(({ message }) => /^Too many wrong passwords came from .*127\.0\.0\.1/.test(message)).length).toBe(
      60 - looked.length,
    );
    expect(codeOf(await logIn(client, 'user50'))).toBe('');
  });

  test('that waits for its answer gets it when the broker ends', async () => {
    const file = passwordFile(`joe:${SECRET}`);
    const broker = await startBroker({ passwordFile: file.path }, { clock: new ManualClock() });
    const client = await SocketClient.open(broker.port);
    const answer = logIn(client, 'joe', 'guess');
    await client.call('ping');
    expect(await msOf(broker.close())).toBeLessThan(3_000);
    expect(codeOf(await answer)).toMatch(/accessDenied|communication.noConnection.serverDeny/);
  });
});

describe('a slow hash', () => {
  test('stalls nobody: while thirty log in, a session is served a hundred times', async () => {
    const broker = await startWithUsers(31, SLOW);
    const client = await SocketClient.open(broker.port);
    await logIn(client, 'user30');
    await client.subscribe('a');
    let loggedIn = 0;
    const logins = Array.from({ length: 30 }, async (_, i) => {
      await logIn(await SocketClient.open(broker.port), `user${i}`);
      loggedIn++;
    });
    for (let i = 0; i < 100; i++) {
      await client.publish('a', `user${i}`);
    }
    expect(loggedIn).toBeLessThan(30);
    await Promise.all(logins);
  });

  test('is computed once for the same login, at the same time or soon after', async () => {
    const broker = await startWithUsers(2, SLOW);
    await statusOf(broker, 'user0'); // the thread starts
    const one = await msOf(statusOf(broker, 'user1', 'secret'));
    const many = await msOf(Promise.all(Array.from({ length: 100 }, () => statusOf(broker, 'user1'))));
    const other = await startWithUsers(1, SLOW);
    const atOnce = await msOf(Promise.all(Array.from({ length: 100 }, () => statusOf(other, 'user0'))));
    expect([many < 30 * one, atOnce < 30 * one], `${one} ${many} ${atOnce}`).toEqual([true, true]);
  });
});

test('a client that has gone when its login is done leaves nothing behind', async () => {
  const broker = await startWithUsers(2, SLOW);
  const gone = await SocketClient.open(broker.port);
  const callback = "<queue relating='callback'><callback type='SOCKET' retries='0'/></queue>";
  const login = (user: string) =>
    `<qos><securityService><user>${user}</user><passwd>secret</passwd></securityService>${callback}</qos>`;
  gone.send('connect', login('user0'), '');
  await gone.call('ping');
  gone.socket.resetAndDestroy();
  const stays = await SocketClient.open(broker.port);
  expect(codeOf(await stays.call('connect', login('user1'), ''))).toBe(''); // logins are checked one after the other
  await untilStatistics(broker, ({ sessions }) => sessions === 1);
});
