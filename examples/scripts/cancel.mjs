// Gives up after some milliseconds, wherever it is: in the upload, in the prompt or between two tokens. The board stays
// usable, and another upload sends only what this one has not.
//   node cancel.mjs /dev/ttyUSB0 examples/tiny-llama weights.sdq 2000
import { Device, loadTokenizer, openPort, openWeights } from 'sdq-forge/node';

const [port, model, file, milliseconds] = process.argv.slice(2);
const signal = AbortSignal.timeout(Number(milliseconds));
const device = await Device.open(await openPort(port));
let tokens = 0;
try {
  await device.upload(openWeights(file), { signal });
  for await (const _ of device.session({ tokenizer: loadTokenizer(model), prompt: '', signal })) tokens++;
} catch (error) {
  if (error !== signal.reason) throw error;
  console.error(`cancelled after ${tokens} tokens`);
} finally {
  await device.close();
}
