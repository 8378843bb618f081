import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { InputError } from '../../errors.js';
import type { ModelSource } from '../types.js';
import { asInput } from './files.js';
import { openHuggingFaceModel } from './huggingface-model.js';
import { openLlama2cModel } from './llama2c-model.js';

/**
 * Opens a model for reading: a Hugging Face directory (LLaMA or OPT; config.json and safetensors in F32, F16 or BF16,
 * in one file or sharded) or a legacy llama2.c `.bin` file. Headers and config are checked at once; tensors are read
 * from the files when asked for, a layer at a time, and refused there if a value is NaN or infinite.
 *
 * @param path the directory or file
 * @throws InputError with one sentence that names the file and the field or tensor at fault
 */
export function openModel(path: string): ModelSource {
  const name = basename(resolve(path));
  if (asInput(path, () => statSync(path).isDirectory())) return openHuggingFaceModel(path, name);
  if (/\.(safetensors|json)$/.test(name)) {
    throw new InputError(`${path} is part of a Hugging Face checkpoint: give the directory that holds it.`);
  }
  if (/^pytorch_model.*\.bin$/.test(name)) {
    throw new InputError(
      `${path} is a PyTorch checkpoint: convert it to safetensors with Hugging Face's save_pretrained(…, safe_serialization=True) and give the directory.`,
    );
  }
  return openLlama2cModel(path, name);
}
