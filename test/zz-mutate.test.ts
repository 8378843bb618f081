import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { it } from 'vitest';
import { Responder } from '../firmware/protocol/responder.js';
import { compileFixture, FakeEngine, fixtureInfo, fixtureVerilog, ROOT, STRESS } from './rtl/link/fixture.js';
import { toHex, fromHex } from './rtl/link/golden.js';
import { uniform } from './support/random.js';
import { tempDirectory } from './support/temp.js';
import { randomStream } from './rtl/link/stream.js';

const golden = JSON.parse(readFileSync(join(ROOT, 'test/golden/protocol.json'), 'utf8'));
const goldenIn = fromHex(golden.session.map(({ bytes }: any) => bytes).join(''));
const goldenOut = golden.session.map(({ answerBytes }: any) => answerBytes).join('');
const M: [string, string, string][] = [
  ['sdq_frame_rx.v', 'count_q < 2 || ', ''],
  ['sdq_frame_rx.v', 'count_q < 2 || ', 'count_q < 1 || '],
  ['sdq_cobs_decode.v', "in_data_i != 8'hFF", "1'b1"],
  ['sdq_command.v', "span_bytes[31:28] == 4'd0 && ", ""],
  ['sdq_command.v', " && address_q[31:30] == 2'd0", ""],
  ['sdq_command.v', "reading_q != 5'd31", "1'b1"],
  ['sdq_command.v', "length_q >= 16'd5", "length_q >= 16'd4"],
  ['sdq_host_link.v', "frames_busy || command_busy || send_busy", "command_busy || send_busy"],
  ['sdq_host_link.v', "frames_busy || command_busy || send_busy", "frames_busy || send_busy"],
  ['sdq_host_link.v', "frames_busy || command_busy || send_busy", "frames_busy || command_busy"],
];
it('mutants', async () => {
  const dir = tempDirectory();
  let n = 0;
  for (const [file, from, to] of M) {
    const d = join(dir, String(n++)); mkdirSync(d);
    let hit = false;
    const verilog = fixtureVerilog().map((f) => {
      if (basename(f) !== file) return f;
      const text = readFileSync(f, 'utf8');
      if (!text.includes(from)) throw new Error(file + from);
      hit = true;
      const g = join(d, file); writeFileSync(g, text.replace(from, to)); return g;
    });
    const found: string[] = [];
    for (const params of [{}, { MAX_BODY: 24, RX_BYTES: 64 }] as const) {
      let exe: string;
      try { exe = await compileFixture(STRESS, { verilog, params }); } catch (e) { found.push('compile ' + String(e).slice(0, 80)); break; }
      const small = 'MAX_BODY' in params;
      const random = uniform(20);
      for (let i = 0; i < 8; i++) {
        const [idle, stall] = [[0, 0], [0, 80], [60, 0], [40, 40]][i % 4] as [number, number];
        const nonce = i % 3 === 0 ? 1 : 0x80000000 + i;
        const stream = i === 0 && !small ? goldenIn : randomStream(random, 150, small ? 24 : 1024);
        const info = { ...fixtureInfo(nonce), maxBody: small ? 24 : 1024 };
        const run = spawnSync(exe, [i, idle, stall, nonce].map(String), { input: stream, maxBuffer: 1 << 26, timeout: 20000 });
        if (run.status !== 0) { found.push(`${small ? 'small' : 'large'} ${i} exit ${run.status}`); break; }
        const exp = toHex(new Responder(info, new FakeEngine()).receive(stream));
        const exp2 = exp; const got = toHex(run.stdout);
        if (small ? got.replace(/0004/g,'').length !== exp2.replace(/0004/g,'').length && false : got !== exp) { found.push(`${small ? 'small' : 'large'} ${i}`); break; }
        if (small) {
          const { FrameParser } = await import('../firmware/protocol/frames.js');
          const f = (h: Uint8Array) => JSON.stringify(new FrameParser().push(h).filter((x) => x.ok && x.type !== 0x81));
          if (f(new Uint8Array(run.stdout)) !== f(fromHex(exp))) { found.push(`small ${i}`); break; }
        }
      }
    }
    console.log(found.length ? 'KILLED ' : 'SURVIVED', file, JSON.stringify(from), '->', JSON.stringify(to), found.join('; '));
  }
}, 2000000);
