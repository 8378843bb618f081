import type { Command } from 'commander';
import { loadTokenizer } from '../../firmware/tokenizer/node/load.js';
import type { Tokenizer } from '../../firmware/tokenizer/tokenizer.js';
import { readText } from '../evaluate/node/read-text.js';
import { tokenWindows } from '../evaluate/windows.js';
import { openModel } from '../model/node/open-model.js';
import type { ModelConfig, ModelSource } from '../model/types.js';
import { userPath } from './values.js';

export interface ModelOptions {
  readonly tokenizer?: string;
}

/** Adds the option that every command with a MODEL takes. */
export function addModelOptions(command: Command): Command {
  return command.option('--tokenizer <file>', 'tokenizer file; needed for a llama2.c .bin model');
}

/** Opens the MODEL that the user named. */
export function openUserModel(path: string): ModelSource {
  return openModel(userPath(path));
}

/** For commands that need no tokenizer. @throws InputError if one was given that is none */
export function checkUserTokenizer(modelPath: string, options: ModelOptions): void {
  if (options.tokenizer !== undefined) loadUserTokenizer(modelPath, options);
}

/** Loads the MODEL's tokenizer, or the one given with --tokenizer. */
export function loadUserTokenizer(modelPath: string, options: ModelOptions): Tokenizer {
  return loadTokenizer(userPath(modelPath), options.tokenizer === undefined ? undefined : userPath(options.tokenizer));
}

/** The token windows of a TEXT file, as the command line defines them. */
export function readWindows(path: string, tokenizer: Tokenizer, config: ModelConfig): number[][] {
  return tokenWindows(config, tokenizer, readText(userPath(path)));
}
