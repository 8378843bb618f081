// Draws tokens on a board on another machine (there: sdq bridge), and says whether every value was the golden model's.
//   node remote.mjs tcp://board.local:4000 examples/tiny-llama weights.sdq "Once upon a time" 7
import { Device, describeMismatch, loadTokenizer, openPort, openWeights } from 'sdq-forge/node';

const [address, model, file, prompt = '', seed = '0'] = process.argv.slice(2);
const sampling = { temperature: 0.8, topP: 0.95, seed: Number(seed) };
const device = await Device.open(await openPort(address));
try {
  await device.upload(openWeights(file));
  const tokenizer = loadTokenizer(model);
  const session = device.session({ tokenizer, prompt, maxTokens: 16, ...sampling, compare: true });
  for await (const { text, agreement } of session) process.stdout.write(agreement.mismatches === 0 ? text : `${text}!`);
  const { compared, mismatchCount, mismatches } = session.comparison;
  console.error(`\n${compared - mismatchCount} of ${compared} values agree`);
  for (const mismatch of mismatches) console.error(describeMismatch(mismatch));
} finally {
  await device.close();
}
