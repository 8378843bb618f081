// The same text without a board: the golden model computes what a board would, bit by bit.
//   node golden.mjs examples/tiny-llama weights.sdq "Once upon a time"
import { GoldenModel, loadTokenizer, openWeights } from 'sdq-forge/node';

const [model, file, prompt = ''] = process.argv.slice(2);
const golden = new GoldenModel(openWeights(file));
const session = golden.session({ tokenizer: loadTokenizer(model), prompt, maxTokens: 16 });
for await (const { text } of session) process.stdout.write(text);
