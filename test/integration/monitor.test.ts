// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pages hold such placeholders
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { change } from '../helpers/admin.ts';
import { startBroker } from '../helpers/broker.ts';
import { basic, passwordFile, SECRET } from '../helpers/passwords.ts';
import { SocketClient } from '../helpers/socket.ts';

function pages(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'xmlblaster-pages-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

describe('/status.html', () => {
  test('is a page about this broker, without configuration', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    await broker.post('<ping/>', '/?session=joe/1');
    const { status, headers, body } = await broker.get('/status.html');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('<h1>xmlBlaster broker heron</h1>');
    expect(body).toMatch(/<th>Users<td>1\n/);
    expect(body, 'without an error yet').not.toContain('${');
    expect((await broker.get('/monitor/status.html')).body).toContain('heron');
  });

  test('asks for a password where there are passwords', async () => {
    const { path } = passwordFile(`joe:${SECRET}\n`);
    const broker = await startBroker({ passwordFile: path });
    for (const page of ['/status.html', '/metrics', '/admin/?nodeId', '/monitor/status.html']) {
      const { status, headers } = await broker.get(page);
      expect([status, headers.get('www-authenticate')], page).toEqual([401, expect.stringContaining('Basic')]);
      expect((await broker.get(page, basic('joe'))).status, page).toBe(200);
    }
  });
});

describe('/monitor', () => {
  test('answers the commands in a page; what has no answer stays', async () => {
    const monitorDir = pages({
      'a.html': '<b>${?nodeId}</b> ${client/joe/1/?loginName} ${?coffee} ${sysprop/?none} ${} ${?nodeId}',
      'b.css': 'b { color: ${?nodeId} }',
    });
    const broker = await startBroker({ nodeId: 'heron', monitorDir });
    await broker.post('<ping/>', '/?session=joe/1');
    expect((await broker.get('/monitor/a.html')).body).toBe('<b>heron</b> joe ${?coffee} ${sysprop/?none} ${} heron');
    const css = await broker.get('/monitor/b.css');
    expect([css.body, css.headers.get('content-type')]).toEqual(['b { color: ${?nodeId} }', 'text/css; charset=utf-8']);
  });

  test('what commands say is a stranger’s: it ends neither tags nor strings, and is not looked into again', async () => {
    const monitorDir = pages({ 'a.html': '<script>var a = "${?topicList}"</script>${?topicList}' });
    const broker = await startBroker({ monitorDir });
    const oid = '</script>"\'\\`&${?nodeId}';
    await broker.put(`/topics/${encodeURIComponent(oid)}`, '1');
    const { body } = await broker.get('/monitor/a.html');
    const escaped = '&#60;/script&#62;&#34;&#39;&#92;&#96;&#38;&#36;{?nodeId}';
    expect(body).toBe(`<script>var a = "${escaped}"</script>${escaped}`);
  });

  test('changes nothing', async () => {
    const monitorDir = pages({ 'a.html': '${client/joe/1/?killSession}${?exit}' });
    const broker = await startBroker({ monitorDir });
    await broker.post('<ping/>', '/?session=joe/1');
    expect((await broker.get('/monitor/a.html', basic('admin'))).body).toBe('${client/joe/1/?killSession}${?exit}');
    expect((await broker.get('/admin/?clientList')).body).toBe('joe\n');
  });

  test.each([
    'none.html',
    '../secret.html',
    '..%2Fsecret.html',
    '%2Fetc%2Fpasswd',
    '.hidden.html',
    'a.exe',
    'a',
    '',
    'sub',
    'a.html%00',
    '__proto__.html',
    'big.html',
  ])('%s is not there', async (name) => {
    const monitorDir = pages({ 'a.html': 'a', '.hidden.html': 'h', 'a.exe': 'x', 'big.html': 'x'.repeat(1_100_000) });
    writeFileSync(join(monitorDir, '..', 'secret.html'), 'secret');
    onTestFinished(() => rmSync(join(monitorDir, '..', 'secret.html')));
    const broker = await startBroker({ monitorDir });
    const { status, body } = await broker.get(`/monitor/${name}`);
    expect(status).toBe(404);
    expect(body).not.toContain('secret<');
  });

  test('a page with very many commands answers the first ones', async () => {
    const names = Array.from({ length: 600 }, (_, i) => `\${sysprop/?p${i}}`).join(' ');
    const broker = await startBroker({ monitorDir: pages({ 'a.html': `\${?nodeId}${names}\${?version}` }), nodeId: 'heron' });
    const { body } = await broker.get('/monitor/a.html');
    expect(body).toMatch(/^heron\$\{sysprop/);
    expect(body).toMatch(/\$\{\?version\}$/);
  });
});

describe('/metrics', () => {
  test('is what Prometheus reads', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    const client = await SocketClient.login(broker.port, 'joe/1');
    await client.subscribe('a');
    await broker.post("<subscribe><key oid='a'/></subscribe>", '/?session=jane/1');
    for (let i = 0; i < 64; i++) await client.publish('a', 'x');
    for (let i = 0; i < 64; i++) await client.update();
    await client.settled();
    const { status, headers, body } = await broker.get('/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const value = (name: string) =>
      Number(
        body
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    expect(value('xmlblaster_published_total')).toBe(64);
    expect(value('xmlblaster_delivered_total')).toBe(64);
    expect(value('xmlblaster_sessions')).toBe(2);
    expect(value('xmlblaster_subjects')).toBe(2);
    expect(value('xmlblaster_topics')).toBe(1);
    expect(value('xmlblaster_subscriptions')).toBe(2);
    expect(value('xmlblaster_queue_entries')).toBe(64);
    expect(value('xmlblaster_queue_bytes')).toBe(64);
    expect(value('xmlblaster_dead_messages_total')).toBe(0);
    expect(value('xmlblaster_connections{protocol="socket"}')).toBe(1);
    expect(value('xmlblaster_connections{protocol="http"}')).toBeGreaterThan(0);
    expect(value('xmlblaster_held_bytes')).toBeGreaterThan(0);
    expect(value('xmlblaster_publish_duration_seconds_count')).toBe(4);
    expect(value('xmlblaster_publish_duration_seconds_bucket{le="+Inf"}')).toBe(4);
    expect(body).toContain(`xmlblaster_info{version="`);
    for (const line of body.split('\n')) expect(line).toMatch(/^$|^# (HELP|TYPE) |^\w+(\{[^}]*\})? [0-9.e+-]+$/);
  });

  test('follows what goes', async () => {
    const broker = await startBroker({ maxQueueEntries: 1 });
    const client = await SocketClient.login(broker.port, 'joe/1');
    await broker.post("<subscribe><key oid='a'/></subscribe>", '/?session=jane/1');
    for (const text of ['1', '2']) await client.publish('a', text);
    await change(broker, 'client/jane/1/?killSession');
    client.socket.destroy();
    const metrics = async () => (await broker.get('/metrics')).body;
    expect(await metrics()).toContain('xmlblaster_dead_messages_total 1\n');
    expect(await metrics()).toContain('xmlblaster_queue_entries 0\n');
    expect(await metrics()).toContain('xmlblaster_queue_bytes 0\n');
    await expect.poll(metrics).toContain('xmlblaster_connections{protocol="socket"} 0\n');
  });
});
