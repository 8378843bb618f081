// Uploads weights to a board on a serial port, and writes what the model makes of a prompt.
//   node generate.mjs /dev/ttyUSB0 examples/tiny-llama weights.sdq "Once upon a time"
import { Device, DeviceError, loadTokenizer, openSerial, openWeights } from 'sdq-forge/node';

const [port, model, file, prompt = ''] = process.argv.slice(2);
const onProgress = (done, total) => console.error(`${done} of ${total} bytes`);
let device;
try {
  device = await Device.open(await openSerial(port));
  await device.upload(openWeights(file), { onProgress });
  const session = device.session({ tokenizer: loadTokenizer(model), prompt, maxTokens: 16 });
  for await (const { text } of session) process.stdout.write(text);
} catch (error) {
  if (!(error instanceof DeviceError)) throw error;
  console.error(`${error.code}: ${error.message}`); // the message ends with the next step, which is also error.nextStep
  process.exitCode = 1;
} finally {
  await device?.close();
}
