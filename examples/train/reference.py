"""Reference values for an example model, computed from its files alone.

    python3 examples/train/reference.py examples/tiny-llama

Reads config.json, model.safetensors and the tokenizer, runs the model in numpy
at double precision (the stored weights widened, nothing quantized) and writes
reference.json.  It shares no code with the training: a mistake in one of the
two shows as a difference between the validation loss and the value found here.
"""

import argparse
import json
import struct
from pathlib import Path

import numpy as np

import bpe

PROMPT = "Once upon a time"
GREEDY_TOKENS = 60
TOP = 8

# Texts which tokenizers get wrong in different ways.
ODD_TEXTS = (
    "Once upon a time",
    "",
    " ",
    " leading space",
    "trailing space ",
    "two  spaces and   three",
    "line one\nline two\n\n  indented\ttab\r\n",
    "Zoë met René at the café.",
    "cafe\u0301 is not caf\u00e9",
    "\u4f60\u597d, \u043c\u0438\u0440! \u0645\u0631\u062d\u0628\u0627",
    "smile \U0001f600 and family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "I'm sure they'll say it's Tom's, don't you've DON'T",
    "12345 + 67.89 = 3/4 \u00bd \u00b2 \u2167",
    "snake_case, kebab-case; {json: [1, 2]} <tag/> \\n \"quotes\" 'single'",
    "\u00a0no-break\u2003em\u3000ideographic\u2028line\u0085next",
    "\u2581already\u2581marked \u0120G",
    "\ufeffBOM \u0000 \u001b[0m \u007f",
    "supercalifragilistic Xylophone QUIZ",
)


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            # bfloat16 is the upper half of a float32.
            values = (np.frombuffer(data[begin:end], "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(data[begin:end], {"F16": "<f2", "F32": "<f4"}[entry["dtype"]])
        tensors[name] = values.astype(np.float64).reshape(entry["shape"])
    return tensors


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(q, k, v, heads, kv_heads):
    """q, k, v are (time, heads x head_dim); several query heads may share one of k and v."""
    time, head_dim = len(q), q.shape[1] // heads
    out = np.empty_like(q)
    past = np.tril(np.ones((time, time), bool))
    for head in range(heads):
        at = slice(head * head_dim, (head + 1) * head_dim)
        kv_head = head * kv_heads // heads
        kv_at = slice(kv_head * head_dim, (kv_head + 1) * head_dim)
        scores = np.where(past, q[:, at] @ k[:, kv_at].T / np.sqrt(head_dim), -np.inf)
        out[:, at] = softmax(scores) @ v[:, kv_at]
    return out


def rotary(x, heads, theta):
    """Each head's element i and i + head_dim / 2 are turned by position * theta^(-2i / head_dim)."""
    time, head_dim = len(x), x.shape[1] // heads
    x = x.reshape(time, heads, 2, head_dim // 2)
    angle = np.arange(time)[:, None] * theta ** (-2 * np.arange(head_dim // 2) / head_dim)
    turned = (x[:, :, 0] + 1j * x[:, :, 1]) * np.exp(1j * angle)[:, None]
    return np.stack((turned.real, turned.imag), 2).reshape(time, -1)


def llama_logits(config, w, ids):
    heads, kv_heads, theta = (config[k] for k in ("num_attention_heads", "num_key_value_heads", "rope_theta"))

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"]) * w[name]

    x = w["model.embed_tokens.weight"][ids]
    for n in range(config["num_hidden_layers"]):
        layer = f"model.layers.{n}."
        h = norm(x, layer + "input_layernorm.weight")
        q, k, v = (h @ w[f"{layer}self_attn.{p}_proj.weight"].T for p in "qkv")
        a = attend(rotary(q, heads, theta), rotary(k, kv_heads, theta), v, heads, kv_heads)
        x = x + a @ w[layer + "self_attn.o_proj.weight"].T
        h = norm(x, layer + "post_attention_layernorm.weight")
        gate, up = (h @ w[f"{layer}mlp.{p}_proj.weight"].T for p in ("gate", "up"))
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[layer + "mlp.down_proj.weight"].T
    return norm(x, "model.norm.weight") @ w["model.embed_tokens.weight"].T


def opt_logits(config, w, ids):
    heads = config["num_attention_heads"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
        return scaled * w[name + ".weight"] + w[name + ".bias"]

    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    x = w["model.decoder.embed_tokens.weight"][ids]
    x = x + w["model.decoder.embed_positions.weight"][np.arange(len(ids)) + 2]
    for n in range(config["num_hidden_layers"]):
        layer = f"model.decoder.layers.{n}."
        h = norm(x, layer + "self_attn_layer_norm")
        q, k, v = (linear(h, f"{layer}self_attn.{p}_proj") for p in "qkv")
        x = x + linear(attend(q, k, v, heads, heads), layer + "self_attn.out_proj")
        h = norm(x, layer + "final_layer_norm")
        x = x + linear(np.maximum(linear(h, layer + "fc1"), 0), layer + "fc2")
    return norm(x, "model.decoder.final_layer_norm") @ w["model.decoder.embed_tokens.weight"].T


FAMILIES = {
    "llama": (llama_logits, bpe.LlamaTokenizer),
    "opt": (opt_logits, bpe.Gpt2Tokenizer),
}


class Reference:
    def __init__(self, directory):
        directory = Path(directory)
        self.config = json.loads((directory / "config.json").read_text("utf-8"))
        self.weights = read_safetensors(directory / "model.safetensors")
        self._logits, tokenizer = FAMILIES[self.config["model_type"]]
        self.tokenizer = tokenizer(directory)
        self.context = self.config["max_position_embeddings"]

    def logits(self, ids):
        return self._logits(self.config, self.weights, ids)

    def nll(self, text):
        """Total in nats and count: BOS and text, cut to the context, no EOS."""
        ids = self.tokenizer.encode(text)[: self.context]
        probabilities = softmax(self.logits(ids[:-1]))
        return -np.log(probabilities[np.arange(len(ids) - 1), ids[1:]]).sum(), len(ids) - 1

    def greedy(self, text, count):
        """The most probable continuation, with how far ahead of the next each choice was."""
        ids = self.tokenizer.encode(text)
        start, margins = len(ids), []
        while len(ids) - start < count and len(ids) < self.context:
            last = self.logits(ids)[-1]
            second, first = np.sort(last)[-2:]
            margins.append(first - second)
            ids.append(int(last.argmax()))
            if ids[-1] == self.tokenizer.eos:
                break
        return ids[:start], ids[start:], margins


def write(directory, eval_path):
    directory = Path(directory)
    model = Reference(directory)
    texts = [json.loads(line)["text"] for line in eval_path.read_text("utf-8").splitlines()]
    scores = [model.nll(text) for text in texts]
    count = sum(n for _, n in scores)
    nll = sum(total for total, _ in scores) / count
    prompt, story, margins = model.greedy(PROMPT, model.context)
    continuation = story[:GREEDY_TOKENS]
    last = model.logits(prompt)[-1]
    top = sorted(range(len(last)), key=lambda i: -last[i])[:TOP]

    def continued(tokens):
        return model.tokenizer.decode(prompt + tokens)[len(PROMPT) :]

    dtype = model.config["torch_dtype"]
    bpe.write_json(
        directory / "reference.json",
        {
            "computedFrom": f"model.safetensors of this directory ({dtype} weights widened to float64, not "
            "quantized), by the numpy forward pass of examples/train/reference.py",
            "conventions": "every list of ids starts with BOS; greedyTokens continues promptTokens and ends early "
            "with EOS if that is chosen; greedyMargins are the logit differences between the chosen and the second "
            "token; evalNll is the mean in nats per predicted token over examples/text/eval.jsonl, each document "
            "being BOS and its text, cut to the context, without EOS",
            "prompt": PROMPT,
            "promptTokens": prompt,
            "promptTopLogits": [{"id": i, "logit": round(float(last[i]), 6)} for i in top],
            "greedyTokens": continuation,
            "greedyMargins": [round(float(m), 4) for m in margins[:GREEDY_TOKENS]],
            "greedyText": continued(continuation),
            "wholeStoryTokens": story,
            "wholeStoryText": continued(story),
            "evalNll": round(float(nll), 6),
            "evalTokens": count,
            "evalDocumentNlls": [round(float(total / n), 6) for total, n in scores],
            "encodings": [{"text": text, "ids": model.tokenizer.encode(text)} for text in ODD_TEXTS],
        },
    )
    print(f"evaluation: {nll:.4f} nats per token over {count} predictions")
    print(f"greedy: {PROMPT}{continued(story)}")
    nothing, unprompted, _ = model.greedy("", model.context)
    print(f"from nothing: {model.tokenizer.decode(nothing + unprompted)}")


def main():
    parser = argparse.ArgumentParser(description="Compute an example model's reference.json.")
    parser.add_argument("directory", type=Path)
    parser.add_argument(
        "--eval", type=Path, default=Path(__file__).resolve().parent.parent / "text" / "eval.jsonl"
    )
    options = parser.parse_args()
    write(options.directory, options.eval)


if __name__ == "__main__":
    main()
