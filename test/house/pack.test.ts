import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { root, succeed, temporaryDirectory, whySkipped } from './house.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const consumer = `
import { startServer } from 'xmlblaster-broker';

const server = await startServer({ port: 0 });
const port: number = server.addresses.http.port;
const { status } = await fetch(\`http://127.0.0.1:\${port}/healthz\`);
await server.close();
console.log(\`healthz answered \${status}\`);

// @ts-expect-error Without types this line would be right, and the expectation wrong.
export const wrong = () => startServer({ port: 'none' });
`;

const tsconfig = {
  compilerOptions: { strict: true, target: 'es2023', module: 'nodenext', types: ['node'], outDir: 'out', noEmitOnError: true },
  files: ['consumer.ts'],
};

describe.skipIf(await whySkipped('npm pack and install of the tarball'))('the packed package', () => {
  const project = temporaryDirectory();
  let packed: { readonly filename: string; readonly files: readonly { readonly path: string }[] };

  beforeAll(async () => {
    const { stdout } = await succeed('npm', ['pack', '--json', '--pack-destination', project], { cwd: root });
    packed = JSON.parse(stdout)[0];
    writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    const nodeTypes = `@types/node@${manifest.devDependencies['@types/node']}`;
    const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    await succeed('npm', [...install, `./${packed.filename}`, nodeTypes], { cwd: project });
  });

  test('holds what a user needs and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['dist/main.js', 'dist/server.js', 'dist/server.d.ts', 'LICENSE', 'README.md', 'CHANGELOG.md']),
    );
    const others = paths.filter(
      (path) => !/^(dist\/.+\.(js|d\.ts)|protocol\/.+\.(md|xsd|idl)|scripts\/ready\.mjs|[A-Z]+(\.md)?|package\.json)$/.test(path),
    );
    expect(others).toEqual([]);
  });

  test('can be imported, with types, and runs a broker', async () => {
    writeFileSync(join(project, 'consumer.ts'), consumer);
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
    await succeed('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd: project });
    const { stdout } = await succeed('node', ['out/consumer.js'], { cwd: project });
    expect(stdout).toContain('healthz answered 200');
  });

  test('brings the command xmlblaster', async () => {
    const { stdout } = await succeed('npx', ['--no-install', 'xmlblaster', '--version'], { cwd: project });
    expect(stdout).toContain(manifest.version);
  });
});
