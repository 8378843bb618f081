import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startVirtualBoard } from '../sim/harness/node/virtual-board.js';
import { compileFixture, FakeEngine, fixtureInfo, HARNESS, ROOT } from './rtl/link/fixture.js';
import { type Golden, toHex } from './rtl/link/golden.js';
import { lacks, python } from './support/needs.js';
import { tempDirectory } from './support/temp.js';

const page = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8');
const golden = JSON.parse(readFileSync(join(ROOT, 'test/golden/protocol.json'), 'utf8')) as Golden;

describe('docs/protocol.md', () => {
  it('shows the bytes of the golden vectors', () => {
    const rows = [...page.matchAll(/^\| (.+?) \| `([0-9a-f]+)` \| `([0-9a-f]+)(…?)`/gm)];
    expect(rows.length).toBe(10);
    for (const [, name, bytes, answer, more] of rows) {
      const step = [...golden.session, ...golden.stepSession].find((candidate) => candidate.name === name);
      expect(step?.bytes, name).toBe(bytes);
      expect(more ? step?.answerBytes.slice(0, answer!.length) : step?.answerBytes, name).toBe(answer);
    }
  });

  it.skipIf(lacks(python))('has a host that works', async () => {
    const script = join(tempDirectory(), 'host.py');
    writeFileSync(script, /```python\n(.*?)```/s.exec(page)![1]!);
    const board = await startVirtualBoard(await compileFixture(HARNESS));
    const { stdout, stderr } = spawnSync('python3', [script, board.path], { encoding: 'utf8', timeout: 20_000 });
    board.stop();
    expect(stderr).toBe('');
    const engine = new FakeEngine();
    engine.write(
      0x2000_0000,
      Uint8Array.from({ length: 16 }, (_, i) => i),
    );
    const [hello, written, checked, result] = stdout.trim().split('\n');
    expect(hello).toBe(`protocol 2 plan ${toHex(fixtureInfo().planHash)} linears 4`);
    expect(written).toBe("(130, b'')");
    expect(checked).toMatch(/^\(131, b'.*'\)$/);
    expect(result).toBe(`(0, 0, 1, 100) (${engine.run(0, 0).values[0]},)`);
  });
});
