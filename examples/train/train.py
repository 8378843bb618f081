"""Trains one of the two example models and writes it as a Hugging Face directory.

    python3 examples/train/train.py --model llama --out examples/tiny-llama
    python3 examples/train/train.py --model opt   --out examples/tiny-opt

Everything comes from fixed seeds: the stories, the tokenizer, the initial
weights and the order of training.  The held-out stories for calibration and
evaluation are written as well (--text), and so is reference.json.
"""

import argparse
import json
import math
import os
import shutil
import struct
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import torch
import torch.nn.functional as F

import bpe
import reference
from models import Llama, Opt, initialise
from stories import stories

CONTEXT = 256

EVAL_SEED, CALIBRATION_SEED, VALIDATION_SEED, TRAINING_SEED, WEIGHTS_SEED = 11, 12, 13, 14, 15
HELD_OUT_STORIES = 36
VALIDATION_STORIES = 128
TOKENIZER_STORIES = 4000
BATCH = 16

LLAMA_CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 640,
    "hidden_size": 128,
    # Not a multiple of 64, so that whatever works in blocks meets a partial one.
    "intermediate_size": 344,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "hidden_act": "silu",
    "max_position_embeddings": CONTEXT,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "rope_scaling": None,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "mlp_bias": False,
    "pretraining_tp": 1,
    "initializer_range": 0.05,
    "tie_word_embeddings": True,
    "use_cache": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": None,
    "torch_dtype": "bfloat16",
}

OPT_CONFIG = {
    "architectures": ["OPTForCausalLM"],
    "model_type": "opt",
    # Neither size is a power of two: this is the model that shows up code
    # which takes one for granted.
    "vocab_size": 600,
    "hidden_size": 96,
    "word_embed_proj_dim": 96,
    "ffn_dim": 384,
    "num_hidden_layers": 5,
    "num_attention_heads": 3,
    "activation_function": "relu",
    "max_position_embeddings": CONTEXT,
    "do_layer_norm_before": True,
    "_remove_final_layer_norm": False,
    "enable_bias": True,
    "layer_norm_elementwise_affine": True,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "layerdrop": 0.0,
    "init_std": 0.05,
    "tie_word_embeddings": True,
    "use_cache": True,
    "prefix": "</s>",
    "bos_token_id": 2,
    "eos_token_id": 2,
    "pad_token_id": 1,
    "torch_dtype": "float16",
}

Recipe = namedtuple("Recipe", "config network write_tokenizer tokenizer stored_type stories peak_rate")

# The stored types differ so that readers of both are exercised.
MODELS = {
    "llama": Recipe(
        LLAMA_CONFIG, Llama, bpe.write_llama, bpe.LlamaTokenizer, torch.bfloat16, stories=14400, peak_rate=4e-3
    ),
    "opt": Recipe(
        OPT_CONFIG, Opt, bpe.write_gpt2, bpe.Gpt2Tokenizer, torch.float16, stories=19200, peak_rate=5e-3
    ),
}

SAFETENSORS_TYPES = {torch.bfloat16: "BF16", torch.float16: "F16"}


def write_safetensors(path, tensors):
    header, blobs, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        # numpy has no bfloat16; the bytes are the same whatever they are called.
        blob = tensor.view(torch.int16).numpy().tobytes()
        header[name] = {
            "dtype": SAFETENSORS_TYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_texts(directory, held_out):
    directory.mkdir(parents=True, exist_ok=True)
    for name, texts in held_out.items():
        lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
        (directory / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def documents(texts, tokenizer):
    """BOS, the story, EOS; cut to the context, with one more id as the last target."""
    return [(tokenizer.encode(text) + [tokenizer.eos])[: CONTEXT + 1] for text in texts]


def pad(docs):
    """Inputs and targets of a batch; -100 is the target cross_entropy leaves out."""
    length = max(map(len, docs)) - 1
    inputs = torch.zeros(len(docs), length, dtype=torch.long)
    targets = torch.full((len(docs), length), -100)
    for row, doc in enumerate(docs):
        inputs[row, : len(doc) - 1] = torch.tensor(doc[:-1])
        targets[row, : len(doc) - 1] = torch.tensor(doc[1:])
    return inputs, targets


def batches(docs):
    """Shuffled batches of stories of similar length, to keep the padding small."""
    window = BATCH * 16
    for start in range(0, len(docs), window):
        nearby = sorted(docs[start : start + window], key=len)
        groups = [nearby[i : i + BATCH] for i in range(0, len(nearby), BATCH)]
        for i in torch.randperm(len(groups)).tolist():
            yield pad(groups[i])


def loss_of(model, inputs, targets):
    logits = model(inputs)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def validate(model, docs):
    total = count = 0
    with torch.no_grad():
        for i in range(0, len(docs), BATCH):
            inputs, targets = pad(docs[i : i + BATCH])
            predictions = int((targets != -100).sum())
            total += loss_of(model, inputs, targets).item() * predictions
            count += predictions
    return total / count


def train(model, training, validation, peak_rate):
    matrices = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        betas=(0.9, 0.98),
    )
    steps = math.ceil(len(training) / BATCH)
    warmup = max(1, min(100, steps // 10))
    started = time.time()
    for step, (inputs, targets) in enumerate(batches(training)):
        progress = step / steps
        rate = peak_rate * min(1, (step + 1) / warmup) * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = loss_of(model, inputs, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0 or step == steps - 1:
            message = f"step {step + 1}/{steps}  loss {loss.item():.4f}  {time.time() - started:.0f} s"
            if step % 200 == 0 or step == steps - 1:
                message += f"  validation {validate(model, validation):.4f}"
            print(message, flush=True)


def main():
    parser = argparse.ArgumentParser(description="Train an example model.")
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--text", type=Path, default=Path(__file__).resolve().parent.parent / "text")
    parser.add_argument("--stories", type=int, help="how many to train on, each once")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(WEIGHTS_SEED)
    recipe = MODELS[options.model]
    config = recipe.config

    evaluation = stories(EVAL_SEED, HELD_OUT_STORIES)
    calibration = stories(CALIBRATION_SEED, HELD_OUT_STORIES, frozenset(evaluation))
    validation = stories(VALIDATION_SEED, VALIDATION_STORIES, frozenset(evaluation + calibration))
    held_out = frozenset(evaluation + calibration + validation)
    training = stories(TRAINING_SEED, options.stories or recipe.stories, held_out)
    write_texts(options.text, {"eval": evaluation, "calibration": calibration})

    # The directory is filled elsewhere first: a reader never sees half of it.
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.out.resolve().parent, prefix=".training-") as scratch:
        scratch = Path(scratch)
        bpe.write_json(scratch / "config.json", config)
        recipe.write_tokenizer(scratch, training[:TOKENIZER_STORIES], config["vocab_size"], CONTEXT)
        tokenizer = recipe.tokenizer(scratch)
        docs = documents(training, tokenizer)
        print(f"{len(docs)} stories, {sum(map(len, docs))} tokens", flush=True)

        model = recipe.network(config)
        initialise(model, config["num_hidden_layers"])
        print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
        train(model, docs, documents(validation, tokenizer), recipe.peak_rate)

        stored = {name: tensor.to(recipe.stored_type) for name, tensor in model.state_dict().items()}
        write_safetensors(scratch / "model.safetensors", stored)
        reference.write(scratch, options.text / "eval.jsonl")
        for path in sorted(scratch.iterdir()):
            shutil.copyfile(path, options.out / (path.name + ".new"))
            os.replace(options.out / (path.name + ".new"), options.out / path.name)


if __name__ == "__main__":
    main()
