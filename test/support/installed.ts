/** The package as its users get it. */

import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './cli.js';

interface Manifest {
  readonly bin: { readonly sdq: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bundleDependencies: readonly string[];
}

/**
 * Installs what "npm pack" makes in a user's folder; the dependencies that it does not bring along are those of the
 * checkout.
 *
 * @param run runs a program in a folder, and fails where it fails
 */
export async function installPacked(
  user: string,
  run: (program: string, args: readonly string[], cwd: string) => Promise<void>,
): Promise<void> {
  const modules = join(user, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  await run('npm', ['pack', '--pack-destination', user], ROOT);
  const archive = readdirSync(user).find((name) => name.endsWith('.tgz'))!;
  await run('tar', ['xzf', archive, '-C', modules], user);
  cpSync(join(modules, 'package'), join(modules, 'sdq-forge'), { recursive: true });
  const manifest = readFileSync(join(modules, 'sdq-forge/package.json'), 'utf8');
  const { dependencies, bundleDependencies, bin } = JSON.parse(manifest) as Manifest;
  for (const name of Object.keys(dependencies).filter((dependency) => !bundleDependencies.includes(dependency))) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  chmodSync(join(modules, 'sdq-forge', bin.sdq), 0o755);
  symlinkSync(join('../sdq-forge', bin.sdq), join(modules, '.bin/sdq'));
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }\n');
}
